package utf8text

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestTextIsCutBetweenCharacters(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
		more  bool
	}{
		{"", 4, "", false},
		{"", 0, "", false},
		{"abcd", 4, "abcd", false},
		{"abcde", 4, "abcd", true},
		{"abc€", 6, "abc€", false},
		{"abc€", 5, "abc", true},
		{"abc€", 0, "", true},
		{"caf\xe9", 6, "caf\uFFFD", false},
		{"caf\xe9", 5, "caf", true},
		{"€", 2, "", true},
		{"caf\xe9 au lait", 6, "caf\uFFFD", true},
		{strings.Repeat("\x80", 100), 4, "\uFFFD", true},
	} {
		got, more := Cut(c.text, c.limit)
		assert.Equal(t, c.want, got, "%q to %d", c.text, c.limit)
		assert.Equal(t, c.more, more, "%q to %d", c.text, c.limit)
	}
}

func TestWhatIsCutDoesNotHoldTheWhole(t *testing.T) {
	whole := strings.Repeat("x", 1<<20)
	head, _ := Cut(whole, 10)
	assert.False(t, unsafe.StringData(whole) == unsafe.StringData(head))
}

func TestWhateverComesIsValidAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "text"))
		limit := rapid.IntRange(0, 300).Draw(t, "limit")
		head, _ := Cut(text, limit)
		key := Key(text)
		if !utf8.ValidString(head) || len(head) > limit {
			t.Fatalf("%q, cut to %d, is %q", text, limit, head)
		}
		if !utf8.ValidString(key) || len(key) > KeyBytes {
			t.Fatalf("the key of %q is %q", text, key)
		}
	})
}

func TestALongValueIsClippedToItsFirstCharacters(t *testing.T) {
	assert.Equal(t, "", Clip(""))
	assert.Equal(t, strings.Repeat("€", 60), Clip(strings.Repeat("€", 60)))
	assert.Equal(t, strings.Repeat("😀", 60)+"…", Clip(strings.Repeat("😀", 61)))
	assert.Equal(t, strings.Repeat("x", 60)+"…", Clip(strings.Repeat("x", 1<<20)))
	assert.Equal(t, "ab…", ClipTo("abc", 2))
}

func TestLongNamesThatBeginAlikeStayApart(t *testing.T) {
	long := strings.Repeat("n", 1<<20)
	assert.Len(t, Key(long+"a"), KeyBytes)
	assert.NotEqual(t, Key(long+"a"), Key(long+"b"))
	assert.Equal(t, Key(long+"a"), Key(long+"a"))
	assert.Equal(t, long[:KeyBytes], Key(long[:KeyBytes]), "a name that fits is its own key")
	assert.Equal(t, "caf\uFFFD", Key("caf\xe9"))
}

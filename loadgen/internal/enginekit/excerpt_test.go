package enginekit

import (
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen"
)

func TestOfEachStatusOneIsTheFirst(t *testing.T) {
	var f Firsts
	var firsts atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for status := 399; status < 700; status++ {
				if f.Bad(status) {
					firsts.Add(1)
				}
			}
		})
	}
	all.Wait()
	assert.EqualValues(t, 240+1, firsts.Load(), "400 to 639, and all beyond as one")
	assert.False(t, f.Bad(200))
	assert.True(t, f.First(16))
	assert.False(t, f.First(16))
}

func TestAnExcerptIsReadableAndBounded(t *testing.T) {
	long := strings.Repeat("x", loadgen.MaxExcerpt)
	for answer, want := range map[string]string{
		"":                              "",
		"no such token":                 "no such token",
		"{\n  \"error\": \"no\"\r\n}\n": `{ "error": "no" }`,
		long + "y":                      long,
		long[1:] + "é":                  long[1:],
		"\x1f\x8b\x08":                  `"\x1f\x8b\b"`,
		"a\x1b[2Jb":                     `"a\x1b[2Jb"`,
		"caf\xc3":                       "caf",
		"\xff\xfe":                      `"\xff\xfe"`,
	} {
		assert.Equal(t, want, Excerpt([]byte(answer)), "%q", answer)
	}
	rapid.Check(t, func(t *rapid.T) {
		answer := rapid.SliceOf(rapid.Byte()).Draw(t, "answer")
		got := Excerpt(answer)
		assert.LessOrEqual(t, len(got), loadgen.MaxExcerpt)
		assert.True(t, isText([]byte(got)), "%q", got)
	})
}

func TestTheBeginningIsKeptOfWhatIsWritten(t *testing.T) {
	var b Beginning
	n, err := io.Copy(&b, io.LimitReader(strings.NewReader(strings.Repeat("ab", 50_000)), 70_000))
	assert.NoError(t, err)
	assert.EqualValues(t, 70_000, n)
	assert.Equal(t, strings.Repeat("ab", loadgen.MaxExcerpt/2), b.Excerpt("", 0))
}

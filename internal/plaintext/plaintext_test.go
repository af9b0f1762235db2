package plaintext

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestALineIsVisibleTextAlone(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"plain, bücher, 日本, \\n":    "plain, bücher, 日本, \\n",
		"a\nb\r\n\tc":               `a\nb\r\n\tc`,
		"\x1b[31mred\x07":           `\x1b[31mred\a`,
		"C1: \u009b31m":             `C1: \u009b31m`,
		"bidi \u202e\u2066\u200f":   `bidi \u202e\u2066\u200f`,
		"zero\u200bwidth\ufeff":     `zero\u200bwidth\ufeff`,
		"lines\u2028\u2029\u0085":   `lines\u2028\u2029\u0085`,
		"bytes \xff\xfe\x9b":        `bytes \xff\xfe\x9b`,
		"a replacement character �": "a replacement character �",
		"del \x7f nul \x00":         `del \x7f nul \x00`,
		"::error::x":                `\x3a:error::x`,
		"x ::error file=a::b":       `x \x3a:error file=a::b`,
		"::1 and [::1]:80 and a::b": "::1 and [::1]:80 and a::b",
		"x##[error]y ###[z ##vSo[":  `x\x23#[error]y #\x23#[z \x23#vSo[`,
		"## a heading":              "## a heading",
	} {
		assert.Equal(t, want, Line(in))
	}
}

func TestALineIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", 1<<20), strings.Repeat("\x1b", 1<<20), strings.Repeat("日", 1<<20)} {
		for _, got := range []string{Line(text), Drop(text + "."), Lines(text)} {
			assert.LessOrEqual(t, len(got), maxLine)
			assert.True(t, utf8.ValidString(got))
			assert.True(t, got == "" || strings.HasSuffix(got, "…") || strings.HasSuffix(got, "."), got[max(0, len(got)-20):])
		}
	}
}

func TestLinesKeepTheirBreaksAndTabs(t *testing.T) {
	for in, want := range map[string]string{
		"a\n\tb\n":                "a\n\tb\n",
		"a\r\nb\rc":               "a\nb\\rc",
		"a\n  ::error::\x1b[2J":   "a\n  \\x3a:error::\\x1b[2J",
		"a\n\t::error::\u202e":    "a\n\t\\x3a:error::\\u202e",
		"one\n\ntwo ##[error]\n ": "one\n\ntwo \\x23#[error]\n ",
	} {
		assert.Equal(t, want, Lines(in))
	}
}

func TestLinesAreAThousandAtMost(t *testing.T) {
	for in, last := range map[int]string{
		1000:   "x",
		1001:   "… 2 more lines",
		1002:   "… 3 more lines",
		100000: "… 99001 more lines",
	} {
		got := Lines(strings.Repeat("x\n", in-1) + "x")
		lines := strings.Split(got, "\n")
		assert.Len(t, lines, 1000)
		assert.Equal(t, last, lines[999])
		assert.Equal(t, got, Lines(got), "what was cut is not cut again")
	}
}

func TestWhatIsDroppedLeavesOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb\tc\u2028d\u00a0e":        "a b c d e",
		"\x1b[31mred\x07 \u202eabc":    "[31mred abc",
		":\u200b:error:\x00:x #\x1b#[": `\x3a:error::x \x23#[`,
		"bytes \xff":                   "bytes �",
	} {
		assert.Equal(t, want, Drop(in))
	}
}

func TestJSONKeepsItsValues(t *testing.T) {
	in := map[string]string{"a##[error]": "\x1b[2J \u009b \u202e \U000e0001 \x7f \u0085 日本 😀 ##vso[x]\n::error::"}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(in))
	out := JSON([]byte(text.String()))
	var back map[string]string
	require.NoError(t, json.Unmarshal(out, &back))
	assert.Equal(t, in, back)
	assert.Equal(t, string(out), Lines(string(out)), "nothing is left to be escaped")
	assert.Contains(t, string(out), "日本 😀", "what is visible stays")
}

func FuzzJSON(f *testing.F) {
	f.Add("a\x1b[0m\u202e\U000e0001 ::error::##[x ##VSO[y", "\u2028")
	f.Fuzz(func(t *testing.T, key, value string) {
		text, err := json.Marshal(map[string]string{key: value})
		require.NoError(t, err)
		out := JSON(text)
		var want, got map[string]string
		require.NoError(t, json.Unmarshal(text, &want))
		require.NoError(t, json.Unmarshal(out, &got))
		assert.Equal(t, want, got)
		for i, r := range string(out) {
			assert.True(t, Visible(r), "%U", r)
			assert.False(t, commandHash(out[i:]), "%s", out[i:])
		}
	})
}

func FuzzALine(f *testing.F) {
	f.Add("a\x1b[0m\u202e\xff ::error::##[x")
	f.Fuzz(func(t *testing.T, s string) {
		for name, of := range map[string]func(string) string{"Line": Line, "Drop": Drop, "Lines": Lines} {
			got := of(s)
			if name != "Lines" {
				assert.LessOrEqual(t, len(got), maxLine, name)
			}
			assert.LessOrEqual(t, strings.Count(got, "\n"), maxLines, name)
			for _, r := range got {
				assert.True(t, Visible(r) || name == "Lines" && (r == '\n' || r == '\t'), "%s: %U", name, r)
			}
			assert.Equal(t, got, of(got), name)
		}
	})
}

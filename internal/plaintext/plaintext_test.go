package plaintext

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
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
	} {
		assert.Equal(t, want, Line(in))
	}
}

func FuzzALine(f *testing.F) {
	f.Add("a\x1b[0m\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Line(s) {
			assert.True(t, unicode.IsPrint(r), "%U", r)
		}
		assert.Equal(t, Line(s), Line(Line(s)))
	})
}

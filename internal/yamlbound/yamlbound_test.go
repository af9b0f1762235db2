package yamlbound

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml/lexer"
	"github.com/stretchr/testify/assert"
)

func TestWhatIsTooMuchIsFoundBeforeItIsParsed(t *testing.T) {
	for src, want := range map[string]string{
		"":     "",
		"a: 1": "",
		strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth):     "",
		strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1): "nested more than 64 deep",
		strings.Repeat("- ", MaxDepth) + "x":                              "",
		strings.Repeat("- ", MaxDepth+1) + "x":                            "nested more than 64 deep",
		strings.Repeat("k", MaxKey) + ": v":                               "",
		strings.Repeat("k", MaxKey+1) + ": v":                             "a key of more than 512 bytes",
		"{" + strings.Repeat("k", MaxKey+1) + ": v}":                      "a key of more than 512 bytes",
		"k: " + strings.Repeat("v", 10*MaxKey):                            "",
		strings.Repeat("a: 1\n", MaxKeys):                                 "",
		strings.Repeat("a: 1\n", MaxKeys+1):                               "more than 1000 keys in one mapping",
		strings.Repeat("---\na: 1\n", MaxKeys+1):                          "",
		strings.Repeat("- a: 1\n", MaxKeys+1):                             "",
	} {
		_, what := Excess(lexer.Tokenize(src))
		assert.Equal(t, want, what, "%.60q of %d bytes", src, len(src))
	}
}

package yamlbound

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// tall is how deeply a tree of nodes is nested, and the most keys of one of its mappings
// in block style.
type tall struct{ depth, keys int }

func (t *tall) measure(n ast.Node, at int) {
	t.depth = max(t.depth, at)
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle {
			t.keys = max(t.keys, len(n.Values))
		}
		for _, v := range n.Values {
			t.measure(v.Key, at+1)
			t.measure(v.Value, at+1)
		}
	case *ast.MappingValueNode:
		t.measure(n.Key, at+1)
		t.measure(n.Value, at+1)
	case *ast.SequenceNode:
		for _, v := range n.Values {
			t.measure(v, at+1)
		}
	case *ast.AnchorNode:
		t.measure(n.Value, at)
	case *ast.TagNode:
		t.measure(n.Value, at)
	}
}

// What passes is a tree that those who read it can walk: eight levels for each that
// MaxDepth counts, since a level may be indented by one column.
func FuzzExcess(f *testing.F) {
	for _, src := range []string{
		"a: {b: [1, {c: d}]}\n", "- - - x\n", "a:\n b:\n  c:\n   - d\n", "? a\n: b\n", "a: &x !!str b\nc: *x\n---\nd: |\n  e\n",
		strings.Repeat("- ", MaxDepth) + "x", strings.Repeat("[", MaxDepth+1), strings.Repeat("a: 1\n", 20),
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		tokens := lexer.Tokenize(src)
		if at, what := Excess(tokens); at != nil {
			require.NotEmpty(t, what)
			return
		}
		file, err := parser.Parse(tokens, 0)
		if err != nil {
			return
		}
		for _, doc := range file.Docs {
			if doc.Body == nil {
				continue
			}
			of := &tall{}
			of.measure(doc.Body, 0)
			require.LessOrEqual(t, of.depth, 10*MaxDepth)
			require.LessOrEqual(t, of.keys, MaxKeys)
		}
	})
}

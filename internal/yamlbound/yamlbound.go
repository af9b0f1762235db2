// Package yamlbound bounds a YAML source before goccy/go-yaml's parser sees it.
//
// The parser recurses, and takes time in the square of the depth and in that of the keys
// of one mapping: a minute for 100,000 of either, and gigabytes. It writes the path of
// each value out, so that long keys cost as much. The tokens of a source tell all that,
// and lexing takes time in the length of the source.
package yamlbound

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// Bounds of a source.
const (
	MaxDepth = 64   // of nested collections
	MaxKeys  = 1000 // of one mapping in block style
	MaxKey   = 512  // bytes of a key
)

// Excess returns the first token of a source that is nested too deeply or is one key too
// many, and what is wrong with it; nil if the source is within the bounds.
func Excess(tokens token.Tokens) (*token.Token, string) {
	d, k := depth{}, keys{count: map[int]int{}}
	for i, t := range tokens {
		if t.Type == token.MappingValueType && i > 0 && len(tokens[i-1].Value) > MaxKey {
			return tokens[i-1], fmt.Sprintf("a key of more than %d bytes", MaxKey)
		}
		if d.add(t) > MaxDepth {
			return t, fmt.Sprintf("nested more than %d deep", MaxDepth)
		}
		if d.flow == 0 && k.add(t) > MaxKeys {
			return t, fmt.Sprintf("more than %d keys in one mapping", MaxKeys)
		}
	}
	return nil, ""
}

// depth bounds from above how deeply a token is nested. In a flow style that is
// the number of open brackets. In block style each level takes an indicator: on
// one line they all count, from line to line the indentation grows. An unbroken
// row of indicators, tags and anchors makes the parser recurse as well, and
// so does a row of documents.
type depth struct {
	flow   int // open brackets
	line   int // the line of the last token
	onLine int // indicators on that line, outside brackets
	row    int // indicators since the last value
}

func (d *depth) add(t *token.Token) int {
	indent := 0
	if t.Position.Line != d.line {
		d.line, d.onLine = t.Position.Line, 0
		if d.flow == 0 && t.Type != token.CommentType {
			indent = t.Position.Column / 8
		}
	}
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		d.flow++
	case token.SequenceEndType, token.MappingEndType:
		d.flow = max(0, d.flow-1)
	case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
		if d.flow == 0 {
			d.onLine++
		}
		d.row++
	case token.TagType, token.AnchorType, token.AliasType, token.DirectiveType, token.DocumentHeaderType, token.DocumentEndType:
		d.onLine++
		d.row++
	case token.CollectEntryType, token.CommentType:
	default:
		d.row = 0
	}
	return max(d.flow, d.onLine, d.row, indent)
}

// keys counts the keys of block mappings. Those of one mapping begin at the same
// column, and nothing between them begins further left.
type keys struct {
	count map[int]int // by the column of the keys
	line  int
	start int // column of what begins on the line, after dashes; 0 if that comes next
}

// add returns how many keys the mapping has to which a token belongs.
func (k *keys) add(t *token.Token) int {
	if t.Position.Line != k.line || k.start == 0 {
		k.line, k.start = t.Position.Line, t.Position.Column
		k.dedent(k.start)
	}
	switch t.Type {
	case token.DocumentHeaderType, token.DocumentEndType:
		clear(k.count)
	case token.SequenceEntryType:
		k.dedent(t.Position.Column)
		k.start = 0
	case token.MappingValueType:
		k.count[k.start]++
		return k.count[k.start]
	}
	return 0
}

// dedent forgets the mappings that something at a column ends.
func (k *keys) dedent(column int) {
	for c := range k.count {
		if c > column {
			delete(k.count, c)
		}
	}
}

package planfile

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// maxExpanded bounds a source after its aliases are replaced, in bytes of text
// with nodeCost for each value. Without it, a page of aliases of aliases would
// fill the memory.
const (
	maxExpanded = 8 << 20
	nodeCost    = 64
)

// parseTree reads a source whose value is that of a key path. It returns nil if
// nothing can be made of it.
func parseTree(src []byte, path string, lookup func(string) (string, bool), faults *faults) *node {
	before := len(faults.list)
	body := parseSource(src, faults)
	if len(faults.list) > before {
		return nil
	}
	b := &builder{faults: faults, lookup: lookup, anchors: map[string]*node{}}
	root := b.build(body, path)
	if b.expanded > maxExpanded {
		return nil
	}
	return root
}

// builder turns a syntax tree into nodes.
type builder struct {
	faults   *faults
	lookup   func(string) (string, bool)
	anchors  map[string]*node
	open     []string // anchors within whose value the builder is
	expanded int
}

// build makes the node of a syntax tree. path is its key path, for faults.
func (b *builder) build(tree ast.Node, path string) *node {
	if b.expanded > maxExpanded {
		return &node{}
	}
	switch t := tree.(type) {
	case nil, *ast.NullNode:
		return &node{place: placeOf(tree)}
	case *ast.MappingNode:
		return b.mapping(t, t.Values, path)
	case *ast.MappingValueNode:
		return b.mapping(t, []*ast.MappingValueNode{t}, path)
	case *ast.SequenceNode:
		return b.sequence(t, path)
	case *ast.AnchorNode:
		return b.anchor(t, path)
	case *ast.AliasNode:
		return b.alias(t, path)
	case *ast.LiteralNode:
		return b.scalar(t, t.Value.Value, true, path)
	case *ast.StringNode:
		quoted := t.Token.Type == token.SingleQuoteType || t.Token.Type == token.DoubleQuoteType
		return b.scalar(t, t.Value, quoted, path)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return b.scalar(t, t.GetToken().Value, false, path)
	case *ast.TagNode:
		b.faults.kill(placeOf(t), path, "tag "+quote(t.Start.Value)+" is not understood", "leave it out")
	default:
		b.faults.kill(placeOf(t), path, "this kind of YAML is not understood", "write a plain value")
	}
	return &node{place: placeOf(tree)}
}

// placeOf is where a syntax tree begins.
func placeOf(tree ast.Node) place {
	if tree == nil {
		return place{line: 1, column: 1}
	}
	if m, ok := tree.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		tree = m.Values[0].Key // the node's own token is the first colon
	}
	if m, ok := tree.(*ast.MappingValueNode); ok {
		tree = m.Key
	}
	return placeOfToken(tree.GetToken())
}

func (b *builder) scalar(t ast.Node, text string, quoted bool, path string) *node {
	n := &node{place: placeOf(t), kind: scalar, quoted: quoted, marked: quoted}
	expanded, replaced, err := expandEnv(text, b.lookup)
	if err != nil {
		b.faults.kill(n.place, path, err.what, err.fix)
		return &node{place: n.place}
	}
	n.text = expanded
	if replaced {
		n.written = text
	}
	if replaced && n.text == "" && !quoted {
		n.kind = null
	}
	// A variable within quotes may stand for a number: in {} and [] quotes are needed.
	n.quoted = quoted && !replaced
	b.charge(n, path)
	return n
}

func (b *builder) sequence(t *ast.SequenceNode, path string) *node {
	n := &node{place: placeOf(t), kind: sequence}
	b.charge(n, path)
	for i, v := range t.Values {
		n.entries = append(n.entries, keyValue{value: b.build(v, item(path, i))})
	}
	return n
}

func (b *builder) mapping(t ast.Node, values []*ast.MappingValueNode, path string) *node {
	n := &node{place: placeOf(t), kind: mapping}
	b.charge(n, path)
	var merges []*node
	have := map[string]bool{}
	for _, v := range values {
		if v.Key.IsMergeKey() {
			merges = append(merges, b.merged(v.Value, path)...)
			continue
		}
		key, ok := b.key(v.Key, path)
		if !ok {
			continue
		}
		value := b.build(v.Value, join(path, key))
		if have[key] {
			b.faults.at(placeOf(v.Key), join(path, key), "is there twice", "remove one of the two")
			continue
		}
		have[key] = true
		n.entries = append(n.entries, keyValue{key: key, at: placeOf(v.Key), value: value})
	}
	merge(n, have, merges)
	return n
}

// key is the text of a mapping's key. Keys are plain or quoted, nothing else.
func (b *builder) key(k ast.MapKeyNode, path string) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return k.GetToken().Value, true
	}
	b.faults.at(placeOf(k), path, "a key that is not a word", "write it as key: value")
	return "", false
}

// merged are the mappings that a merge key (<<) names, the strongest first.
func (b *builder) merged(t ast.Node, path string) []*node {
	n := b.build(t, join(path, "<<"))
	list := []*node{n}
	if n.kind == sequence {
		list = nil
		for _, e := range n.entries {
			list = append(list, e.value)
		}
	}
	return slices.DeleteFunc(list, func(n *node) bool {
		if n.kind != mapping && n.kind != null {
			b.faults.at(n.place, join(path, "<<"), "merges "+n.kind.String(), "name an anchor of a mapping, such as <<: *base")
		}
		return n.kind != mapping
	})
}

// merge gives n, which has some keys, the entries of others that it has not.
func merge(n *node, have map[string]bool, others []*node) {
	for _, o := range others {
		for _, e := range o.entries {
			if !have[e.key] {
				have[e.key] = true
				n.entries = append(n.entries, e)
			}
		}
	}
}

func (b *builder) anchor(t *ast.AnchorNode, path string) *node {
	name := t.Name.GetToken().Value
	if t.Value == nil || t.Value.Type() == ast.NullType {
		b.faults.kill(placeOf(t), path, "anchor &"+utf8text.Clip(name)+" has no value", "write the value after it")
		return &node{place: placeOf(t)}
	}
	b.open = append(b.open, name)
	n := b.build(t.Value, path)
	b.open = b.open[:len(b.open)-1]
	b.anchors[name] = n
	return n
}

func (b *builder) alias(t *ast.AliasNode, path string) *node {
	name := t.Value.GetToken().Value
	n, ok := b.anchors[name]
	switch {
	case slices.Contains(b.open, name):
		b.faults.kill(placeOf(t), path, "alias *"+utf8text.Clip(name)+" is within its own anchor", "name another anchor")
	case !ok:
		b.faults.kill(placeOf(t), path, "no anchor &"+utf8text.Clip(name)+" before this", "write &"+utf8text.Clip(name)+" before the value that is meant")
	default:
		return b.clone(n, path)
	}
	return &node{place: placeOf(t)}
}

// clone copies a node, since a value set on the command line must change one of
// the places where it is used only. Texts are shared.
func (b *builder) clone(n *node, path string) *node {
	c := *n
	b.charge(&c, path)
	if b.expanded > maxExpanded {
		c.entries = nil
		return &c
	}
	c.entries = slices.Clone(n.entries)
	for i := range c.entries {
		c.entries[i].value = b.clone(c.entries[i].value, path)
	}
	return &c
}

// charge counts a node against maxExpanded and reports the first one beyond it.
func (b *builder) charge(n *node, path string) {
	cost := nodeCost + len(n.text)
	before := b.expanded
	if b.expanded += cost; before <= maxExpanded && b.expanded > maxExpanded {
		b.faults.at(n.place, path, fmt.Sprintf("the plan takes more than %d bytes when its aliases are replaced", maxExpanded), "use fewer of them")
	}
}

package lint

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// builder turns a syntax tree into values, and notes where they stand.
type builder struct {
	places         map[string]Place
	texts          []text
	anchors        map[string]ast.Node
	lines, columns int // that a text within another begins after
	depth, values  int
	paths          int // bytes of the paths of places
}

// maxDepth bounds the nesting of a configuration, and of its aliases; maxValues what it
// has when those are replaced, or a page of aliases of aliases would fill the memory. So
// would a page of values below one long key, but for maxPaths, in bytes.
const (
	maxDepth  = 64
	maxValues = 1 << 18
	maxPaths  = 64 << 20
)

// excess is what a document has too much of, nil if it is within the bounds.
func (b *builder) excess() error {
	switch {
	case b.values > maxValues:
		return fmt.Errorf("more than %d values when its aliases are replaced", maxValues)
	case b.paths > maxPaths:
		return fmt.Errorf("keys are too long: the paths of its values have more than %d bytes", maxPaths)
	}
	return nil
}

// note the place of a path.
func (b *builder) note(path string, at Place) {
	if b.paths += len(path); b.paths <= maxPaths {
		b.places[path] = at
	}
}

func (b *builder) place(n ast.Node) Place {
	p := placeOf(n.GetToken())
	return Place{p.Line + b.lines, p.Column + b.columns}
}

// build notes the places of all keys, items and texts below a path.
func (b *builder) build(n ast.Node, path string) {
	if b.depth++; b.depth > maxDepth {
		b.depth--
		return
	}
	defer func() { b.depth-- }()
	switch t := n.(type) {
	case *ast.MappingNode:
		for _, v := range t.Values {
			b.entry(v, path)
		}
	case *ast.MappingValueNode:
		b.entry(t, path)
	case *ast.SequenceNode:
		for i, v := range t.Values {
			if b.paths > maxPaths {
				return
			}
			at := under(path, strconv.Itoa(i))
			b.note(at, b.place(v))
			b.build(v, at)
		}
	case *ast.AnchorNode:
		b.anchors[t.Name.GetToken().Value] = t.Value
		b.build(t.Value, path)
	case *ast.TagNode:
		b.build(t.Value, path)
	case *ast.StringNode:
		b.texts = append(b.texts, text{expand(t.Value), path, b.place(t)})
	case *ast.LiteralNode:
		b.texts = append(b.texts, text{expand(t.Value.Value), path, b.place(t)})
	}
}

func (b *builder) entry(v *ast.MappingValueNode, path string) {
	if b.paths > maxPaths {
		return
	}
	key := v.Key.GetToken().Value
	at := under(path, key)
	b.note(at, b.place(v.Key))
	b.texts = append(b.texts, text{key, at, b.place(v.Key)})
	b.build(v.Value, at)
}

// value is what a syntax tree stands for. Variables are replaced by their defaults;
// one without a default stays as it is, since nobody knows what it will be.
func (b *builder) value(n ast.Node) any {
	b.values++
	if b.depth++; b.depth > maxDepth || b.values > maxValues {
		b.depth--
		return nil
	}
	defer func() { b.depth-- }()
	switch t := n.(type) {
	case *ast.MappingNode:
		return b.mapping(t.Values)
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{t})
	case *ast.SequenceNode:
		list := make([]any, 0, len(t.Values))
		for _, v := range t.Values {
			list = append(list, b.value(v))
		}
		return list
	case *ast.AnchorNode:
		return b.value(t.Value)
	case *ast.AliasNode:
		if target, ok := b.anchors[t.Value.GetToken().Value]; ok {
			return b.value(target)
		}
		return nil
	case *ast.TagNode:
		return b.value(t.Value)
	case *ast.StringNode:
		return scalar(expand(t.Value), t.Value)
	case *ast.LiteralNode:
		return expand(t.Value.Value)
	case *ast.BoolNode:
		return t.Value
	case *ast.IntegerNode, *ast.FloatNode:
		return number(n.GetToken().Value)
	}
	return nil
}

func (b *builder) mapping(values []*ast.MappingValueNode) map[string]any {
	m := make(map[string]any, len(values))
	for _, v := range values {
		if v.Key.IsMergeKey() {
			if merged, ok := b.value(v.Value).(map[string]any); ok {
				for key, value := range merged {
					if _, have := m[key]; !have {
						m[key] = value
					}
				}
			}
			continue
		}
		m[v.Key.GetToken().Value] = b.value(v.Value)
	}
	return m
}

// scalar is a text, or what a variable's default stands for.
func scalar(expanded, written string) any {
	if expanded == written {
		return expanded
	}
	switch expanded {
	case "true":
		return true
	case "false":
		return false
	}
	return number(expanded)
}

func number(s string) any {
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f
	}
	return s
}

// variable is ${env:NAME:-default}, with or without the env: and the default.
var variable = regexp.MustCompile(`\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_]*(?::-([^}]*))?\}`)

// expand replaces the variables that have a default.
func expand(s string) string {
	return variable.ReplaceAllStringFunc(s, func(v string) string {
		if !strings.Contains(v, ":-") {
			return v
		}
		return variable.FindStringSubmatch(v)[1]
	})
}

// words is a value in a message.
func words(v any) string {
	if list, ok := v.([]any); ok {
		var parts []string
		for _, item := range list {
			parts = append(parts, fmt.Sprint(item))
		}
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(v)
}

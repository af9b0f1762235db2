package planfile

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/internal/spelling"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
)

// applySet puts one KEY=VALUE into a plan's tree.
func applySet(root *node, set string, lookup func(string) (string, bool), faults *faults) {
	at := place{set: set}
	key, value, ok := strings.Cut(set, "=")
	if !ok {
		faults.at(at, "", "has no =", "write KEY=VALUE, such as attacks[0].http.timeout=5s")
		return
	}
	s := &setter{at: at, faults: faults}
	n, t := s.walk(root, reflect.TypeFor[loadgen.Plan](), strings.TrimSpace(key), "")
	if n == nil {
		return
	}
	if v := s.parse(value, t, lookup); v != nil {
		*n = *v
	}
}

// setter finds the place of a key in a tree, and makes it where it is absent.
type setter struct {
	at     place
	faults *faults
	path   string // of the place found, with indices instead of names
}

// walk goes down from n, which has type t, along the steps of key. It returns the
// node to be replaced and its type, or nil after a fault.
func (s *setter) walk(n *node, t reflect.Type, key, path string) (*node, reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	s.path = path
	if key == "" && path != "" {
		return n, t
	}
	if t.Kind() == reflect.Map {
		return s.entry(n, t, key)
	}
	if t.Kind() != reflect.Struct && t.Kind() != reflect.Slice {
		return s.fail(join(path, utf8text.Clip(key)), "there are no keys below "+path, "set "+path+" itself")
	}
	first, rest, err := cutStep(key)
	if err != nil {
		return s.fail(path, err.what, err.fix)
	}
	if t.Kind() == reflect.Slice {
		return s.element(n, t, first, rest)
	}
	return s.field(n, t, first.text, rest)
}

func (s *setter) field(n *node, t reflect.Type, key, rest string) (*node, reflect.Type) {
	f, ok := fieldOf(t, key)
	if !ok {
		fix := "the keys here are " + strings.Join(knownKeys(t), ", ")
		if near, ok := spelling.Nearest(key, knownKeys(t)); ok {
			fix = "did you mean " + near + "? " + fix
		}
		return s.fail(join(s.path, utf8text.Clip(key)), "unknown key", fix)
	}
	path := join(s.path, key)
	child := s.child(n, key)
	if child == nil {
		return nil, nil
	}
	return s.walk(child, t.Field(f.index).Type, rest, path)
}

// entry finds the key of a header or of metadata: all that is left, whatever is in
// it. Their names are the same in any case.
func (s *setter) entry(n *node, t reflect.Type, key string) (*node, reflect.Type) {
	if inside, ok := strings.CutPrefix(key, "["); ok {
		name, closed := strings.CutSuffix(inside, "]")
		if !closed {
			return s.fail(s.path, quote(key)+" does not end in ]", "write "+s.path+".NAME")
		}
		key = name
	}
	if n.entry(key) == nil {
		for _, e := range n.entries {
			if strings.EqualFold(e.key, key) {
				key = e.key
			}
		}
	}
	return s.child(n, key), t.Elem()
}

// element finds an element of a list by its index or its name.
func (s *setter) element(n *node, t reflect.Type, by step, rest string) (*node, reflect.Type) {
	if n.kind != sequence && n.kind != null {
		return s.fail(s.path, "is "+n.kind.String()+", not a list", "set "+s.path+" as a whole")
	}
	i, err := by.in(n)
	if err != nil && s.path == "attacks" && by.text == defaultAttack && len(n.entries) == 1 && n.entries[0].value.get("name") == nil {
		i, err = 0, nil // the only attack has this name unless it has another
	}
	if err != nil {
		return s.fail(s.path, err.what, err.fix)
	}
	return s.walk(n.entries[i].value, t.Elem(), rest, item(s.path, i))
}

// child is the value of a mapping's key, made if it is absent.
func (s *setter) child(n *node, key string) *node {
	if n.kind == null {
		*n = node{place: n.place, kind: mapping}
	}
	if n.kind != mapping {
		s.fail(s.path, "is "+n.kind.String()+", so that it has no keys", "set "+s.path+" as a whole")
		return nil
	}
	child := n.get(key)
	if child == nil {
		child = &node{place: s.at}
		n.entries = append(n.entries, keyValue{key: key, at: s.at, value: child})
	}
	s.path = join(s.path, key)
	return child
}

// parse makes the node of a value. For a key that takes a text it is the value
// as it stands, for any other it is YAML.
func (s *setter) parse(value string, t reflect.Type, lookup func(string) (string, bool)) *node {
	if t.Kind() == reflect.String && t != durationType {
		return s.text(value, lookup)
	}
	sub := &faults{env: s.faults.env}
	n := parseTree([]byte(value), s.path, lookup, sub)
	for _, e := range sub.list {
		if e.Key == "" {
			e.Key = s.path
		}
		s.faults.kill(s.at, e.Key, e.What, e.Fix)
	}
	if n != nil {
		s.relabel(n)
	}
	return n
}

func (s *setter) text(value string, lookup func(string) (string, bool)) *node {
	if !utf8.ValidString(value) {
		s.fail(s.path, "is not UTF-8", "write text")
		return nil
	}
	text, replaced, err := expandEnv(value, lookup)
	if err != nil {
		s.fail(s.path, err.what, err.fix)
		return nil
	}
	n := &node{place: s.at, kind: scalar, text: text, quoted: true}
	if replaced {
		n.written = value
	}
	return n
}

func (s *setter) relabel(n *node) {
	written := n.written
	n.place = s.at
	n.written = written
	for i := range n.entries {
		n.entries[i].at = s.at
		s.relabel(n.entries[i].value)
	}
}

func (s *setter) fail(path, what, fix string) (*node, reflect.Type) {
	s.faults.kill(s.at, path, what, fix)
	return nil, nil
}

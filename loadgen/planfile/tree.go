package planfile

import (
	"strconv"
	"strings"
)

// A place is where something stands: in the source, or in a value set on the
// command line. Line and column count from 1.
type place struct {
	line, column int
	set          string // KEY=VALUE, if it stands there
	// written is the value as it stands there, if variables were replaced in it.
	written string
}

type kind uint8

const (
	null kind = iota
	scalar
	mapping
	sequence
)

func (k kind) String() string {
	return [...]string{"nothing", "a single value", "a mapping of keys", "a list"}[k]
}

// node is a value of a plan's source with aliases, merges and environment
// variables already replaced. No node has two parents.
type node struct {
	place
	kind   kind
	text   string // of a scalar
	quoted bool   // the scalar stands in quotes or in a block, so it can be text only
	marked bool   // as quoted, also where a variable was replaced
	// entries of a mapping, in the source's order, or of a sequence, without keys.
	entries []keyValue
}

type keyValue struct {
	key   string
	at    place // of the key
	value *node
}

// get returns the value of a mapping's key, or nil.
func (n *node) get(key string) *node {
	if e := n.entry(key); e != nil {
		return e.value
	}
	return nil
}

func (n *node) entry(key string) *keyValue {
	if n.kind != mapping {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}

// find is the place of a key path, or of the nearest value around it that is
// there. For a mapping or a list within a mapping it is the place of its key.
func (n *node) find(path string) place {
	at := n.place
	for path != "" {
		if e := n.entry(path); e != nil && e.value.kind == scalar { // a header may have dots in its name
			return e.value.place
		}
		step, rest := cutPath(path)
		if i, err := strconv.Atoi(step); err == nil && n.kind == sequence {
			if i >= len(n.entries) {
				return at
			}
			n = n.entries[i].value
			at = n.place
		} else if e := n.entry(step); e != nil {
			n = e.value
			if at = e.at; n.kind == scalar {
				at = n.place
			}
		} else {
			return at
		}
		path = rest
	}
	return at
}

// cutPath takes the first step of a key path: attacks[0].http is attacks, then
// 0, then http.
func cutPath(path string) (step, rest string) {
	if strings.HasPrefix(path, "[") {
		step, rest, _ = strings.Cut(path[1:], "]")
		return step, strings.TrimPrefix(rest, ".")
	}
	end := strings.IndexAny(path, ".[")
	switch {
	case end < 0:
		return path, ""
	case path[end] == '.':
		return path[:end], path[end+1:]
	default:
		return path[:end], path[end:]
	}
}

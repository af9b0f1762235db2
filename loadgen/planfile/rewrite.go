package planfile

import (
	"bytes"
	"regexp"
	"strings"
)

// Rewrite applies values, each as of the option Set, to a plan's source and renders
// the result as YAML. Parse reads it to the plan that the source and the values give,
// from the same folder. Variables stay as they are written, so that a secret that
// comes from one does not stand in the text; aliases are replaced, and comments lost.
//
// Faults are *Error values, joined: of the syntax, and of keys and values that cannot be
// set. The plan itself is not checked. name is the file's, for faults.
func Rewrite(name string, src []byte, sets ...string) ([]byte, error) {
	faults := &faults{file: name}
	root := parseTree(src, "", nil, faults)
	if root == nil {
		return nil, faults.err()
	}
	for _, set := range sets {
		applySet(root, set, nil, faults)
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	w := &treeWriter{}
	if root.kind == mapping {
		w.mapping(root, "")
	}
	return w.out.Bytes(), nil
}

type treeWriter struct{ out bytes.Buffer }

// mapping writes the keys of a mapping. The first line is not indented: the caller has
// written what stands before it.
func (w *treeWriter) mapping(n *node, indent string) {
	for i, e := range n.entries {
		if i > 0 {
			w.out.WriteString(indent)
		}
		w.out.WriteString(text(e.key) + ":")
		if e.value.kind == mapping && len(e.value.entries) > 0 {
			w.out.WriteString("\n" + indent + "  ")
			w.mapping(e.value, indent+"  ")
			continue
		}
		w.value(e.value, indent)
	}
}

// value writes what follows a key or a dash, to the end of its last line.
func (w *treeWriter) value(n *node, indent string) {
	switch {
	case n.kind == sequence && len(n.entries) > 0:
		w.out.WriteString("\n")
		for _, e := range n.entries {
			w.out.WriteString(indent + "  -")
			w.element(e.value, indent+"  ")
		}
	case n.kind == sequence:
		w.out.WriteString(" []\n")
	case n.kind == mapping:
		w.out.WriteString(" {}\n")
	case n.kind == null:
		w.out.WriteString(" null\n")
	default:
		w.out.WriteString(" " + scalarText(n) + "\n")
	}
}

func (w *treeWriter) element(n *node, indent string) {
	if n.kind == mapping && len(n.entries) > 0 {
		w.out.WriteString(" ")
		w.mapping(n, indent+"  ")
		return
	}
	w.value(n, indent)
}

// withUnit are rates and durations, which need no quotes.
var withUnit = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$|^[0-9]+(\.[0-9]+)?/[smh]$`)

// scalarText is a scalar as it stands in the source, or in quotes that mean the same.
func scalarText(n *node) string {
	switch {
	case withUnit.MatchString(n.text):
		return n.text
	case n.quoted || n.marked || strings.ContainsAny(n.text, "\n\t"):
		return text(n.text)
	}
	return n.text
}

package terminal

import (
	"cmp"
	"slices"
	"time"
)

// node is a span in the tree.
type node struct {
	*Span
	parent   *node
	children []*node // by start
	orphan   bool    // its parent is not among the spans
	drawn    bool
}

// grow makes trees of spans, that of a request first, then the longest. Spans that came twice are taken
// once. Every span is in exactly one tree, also if parents are missing or go in
// a circle.
func grow(spans []Span) []*node {
	nodes, byID := index(spans)
	var roots []*node
	for _, n := range nodes {
		switch p := byID[n.Parent]; {
		case !n.hasParent() || p == n:
			roots = append(roots, n)
		case p == nil:
			n.orphan = true
			roots = append(roots, n)
		default:
			n.parent = p
			p.children = append(p.children, n)
		}
	}
	roots = append(roots, cut(nodes, roots)...)
	slices.SortStableFunc(roots, func(a, b *node) int {
		if one, other := a.request(), b.request(); one != other {
			if one {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.duration(), a.duration())
	})
	for _, n := range nodes {
		slices.SortStableFunc(n.children, byStart)
	}
	return roots
}

func byStart(a, b *node) int {
	return cmp.Or(a.Start.Compare(b.Start), b.End.Compare(a.End), cmp.Compare(a.ID, b.ID))
}

func index(spans []Span) (nodes []*node, byID map[string]*node) {
	byID = map[string]*node{}
	for i := range spans {
		n := &node{Span: &spans[i]}
		if same := byID[n.ID]; same != nil {
			if same.Name == n.Name && same.Start.Equal(n.Start) {
				continue
			}
		} else {
			byID[n.ID] = n
		}
		nodes = append(nodes, n)
	}
	return nodes, byID
}

// cut opens circles: what no root reaches. The earliest span of a circle becomes
// a root.
func cut(nodes, roots []*node) (more []*node) {
	reached := map[*node]bool{}
	for _, r := range roots {
		r.walk(func(n *node) { reached[n] = true })
	}
	left := slices.Clone(nodes)
	slices.SortStableFunc(left, byStart)
	for _, n := range left {
		if reached[n] {
			continue
		}
		p := n.parent
		p.children = slices.DeleteFunc(p.children, func(c *node) bool { return c == n })
		n.parent, n.orphan = nil, true
		more = append(more, n)
		n.walk(func(n *node) { reached[n] = true })
	}
	return more
}

// walk visits a tree. Its depth is that of the trace, so it uses no recursion.
func (n *node) walk(visit func(*node)) {
	for todo := []*node{n}; len(todo) > 0; {
		last := todo[len(todo)-1]
		todo = append(todo[:len(todo)-1], last.children...)
		visit(last)
	}
}

// alike is how many spans of a kind under one parent say enough, where not all
// are drawn.
const alike = 3

// kind is what many spans of a loop have in common.
type kind struct {
	parent        *node
	service, name string
}

// choose marks at most most spans to be drawn: all, or else the longest with all
// above them, and few of many that are alike and have none below them.
func choose(roots []*node, most int) {
	var all []*node
	for _, r := range roots {
		r.walk(func(n *node) { all = append(all, n) })
	}
	slices.SortStableFunc(all, func(a, b *node) int { return cmp.Compare(b.duration(), a.duration()) })
	drawn, crowded := map[kind]int{}, len(all) > most
	for _, n := range all {
		k := kind{n.parent, n.Service, n.Name}
		if crowded && len(n.children) == 0 && drawn[k] >= alike {
			continue
		}
		drawn[k]++
		var way []*node
		for at := n; at != nil && !at.drawn && len(way) <= most; at = at.parent {
			way = append(way, at)
		}
		if len(way) > most {
			continue
		}
		most -= len(way)
		for _, at := range way {
			at.drawn = true
		}
	}
}

// undrawn sums up nodes that are not drawn, and all below them.
type undrawn struct {
	spans   int
	longest time.Duration
	name    string // the most frequent
	named   int    // how many have it
}

func omitted(nodes []*node) (u undrawn) {
	names := map[string]int{}
	for _, top := range nodes {
		if top.drawn {
			continue
		}
		top.walk(func(n *node) {
			u.spans++
			u.longest = max(u.longest, n.duration())
			names[n.Name]++
			if c := names[n.Name]; c > u.named || c == u.named && n.Name < u.name {
				u.name, u.named = n.Name, c
			}
		})
	}
	return u
}

package terminal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/attr"
)

const (
	drawnEvents = 3
	// outside is how far a span may be outside its parent without a word.
	outside = 10 * time.Microsecond
)

// branch adds the rows of a span and all below it. rails are drawn before its
// own row, below before those under it.
func (t *tree) branch(n *node, rails, below string) {
	t.rows = append(t.rows, row{
		rails: rails, label: t.clean(n.Service), color: t.service(n.Service),
		name: "  " + t.name(n), from: n.Start, to: n.Start.Add(n.duration()), unknown: n.Implausible,
	})
	var children []*node
	for _, c := range n.children {
		if c.drawn {
			children = append(children, c)
		}
	}
	more := len(children) < len(n.children)
	under := below + "   "
	if len(children) > 0 || more {
		under = below + t.pick("│  ", "|  ")
	}
	t.remarks(n, under)
	t.phases(n, under)
	for i, c := range children {
		if i < len(children)-1 || more {
			t.branch(c, below+t.pick("├─ ", "|- "), below+t.pick("│  ", "|  "))
		} else {
			t.branch(c, below+t.pick("└─ ", "`- "), below+"   ")
		}
	}
	if more {
		t.omitted(n.children, below+t.pick("└─ ", "`- "))
	}
}

func (t *tree) name(n *node) string {
	name := t.clean(n.Name)
	if status := n.status(); statusInk(status) != "" {
		name += " " + t.clean(status)
	}
	if n.Error != "" {
		name += t.pick(" ✘", " !")
	}
	return name
}

// service gives each service a colour, in the order in which they appear.
func (t *tree) service(name string) ink {
	inks := []ink{cyan, green, magenta, blue, yellow}
	if _, ok := t.services[name]; !ok {
		t.services[name] = inks[len(t.services)%len(inks)]
	}
	return t.services[name]
}

// remarks are what is strange about a span, and its events.
func (t *tree) remarks(n *node, rails string) {
	if n.Error != "" && n.Error != "error" {
		t.say(rails, red, t.clean(n.Error))
	}
	if n.Implausible {
		t.say(rails, yellow, "implausible: "+t.long(n.End.Sub(n.Start))+", longer than since the request began")
	}
	switch {
	case n.orphan:
		t.say(rails, yellow, "its parent "+t.clean(n.Parent)+" is not in the trace")
	case n.parent != nil && !n.Implausible && !n.parent.Implausible:
		if early := n.parent.Start.Sub(n.Start); early > outside {
			t.say(rails, yellow, "begins "+t.took(early)+" before its parent: their clocks differ")
		}
		if late := n.End.Sub(n.parent.End); late > outside {
			t.say(rails, yellow, "ends "+t.took(late)+" after its parent")
		}
	}
	if n.End.Before(n.Start) {
		t.say(rails, yellow, "ends before it begins: its clock was set back")
	}
	// Lines that were joined have a place of their own.
	events := slices.DeleteFunc(slices.Clone(n.Events), func(e Event) bool { return e.Name == attr.EventLog })
	for i, e := range events {
		if i == drawnEvents {
			t.say(rails, dim, fmt.Sprintf("%s and %s", t.ellipsis(), some(uint64(len(events)-i), "more event", "more events")))
			break
		}
		t.say(rails, dim, t.clean(e.Name)+" after "+t.took(e.Time.Sub(n.Start)))
	}
}

// part is a phase of a client span.
type part struct {
	name string
	took time.Duration
}

// phases draws where the time of a client span of ours went: parts of at least a
// hundredth as bars, the rest in words. The parts follow each other in a fixed
// order; after redirects each is a sum, so there are no bars.
func (t *tree) phases(n *node, rails string) {
	parts, sum := partsOf(n)
	if sum == 0 {
		return
	}
	lag := n.seconds(attr.ScheduleLag)
	all := n.duration() + lag
	barred := n.attribute(attr.Redirects) == ""
	var words []string
	say := func(p part) { words = append(words, p.name+" "+t.took(p.took)) }
	bar := func(p part, from time.Time) {
		t.rows = append(t.rows, row{rails: rails, name: p.name, from: from, to: from.Add(p.took), thin: true})
	}
	at := n.Start
	for i, p := range append([]part{{"schedule lag", lag}}, parts...) {
		switch {
		case p.took == 0:
		case !barred || p.took < all/100:
			say(p)
		case i == 0:
			bar(p, n.Start.Add(-lag))
		default:
			bar(p, at)
		}
		if i > 0 {
			at = at.Add(p.took)
		}
	}
	if rest := n.duration() - sum; rest >= time.Microsecond { // less is rounding
		say(part{"the generator's own", rest})
	}
	for _, l := range join(words, t.dot(), t.width()-width(rails)) {
		t.say(rails, dim, l)
	}
}

func partsOf(n *node) (parts []part, sum time.Duration) {
	for _, key := range []string{
		attr.PhaseConnection, attr.PhaseDNS, attr.PhaseConnect, attr.PhaseTLS, attr.PhaseWrite, attr.PhaseWait, attr.PhaseRead,
	} {
		name := key[strings.LastIndexByte(key, '.')+1:]
		p := part{name, n.seconds(key)}
		if key == attr.PhaseConnection {
			p.name = "connection wait"
		}
		parts = append(parts, p)
		sum += p.took
	}
	return parts, sum
}

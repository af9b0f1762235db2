package terminal

import (
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// Explained is what Explain draws of a trace, as values, for what is no terminal. Texts are
// in the terminal's words.
type Explained struct {
	Service, Route string // that answered
	Ledger         []Component
	Facts          []string // of the runtime of the target and of its clock, a line each
	Missing        []string
	Spans          []Drawn
	Lines          []LogLine
	SpansCut       int // spans that are not among Spans
	LinesCut       int
}

// Component is a part of the response time.
type Component struct {
	Name string
	Took time.Duration
}

// Drawn is a span, Depth levels below the first.
type Drawn struct {
	Depth int
	*Span
	Took time.Duration // 0 if it is implausible
}

// LogLine is a line that was logged for the request. At is since the request was sent.
type LogLine struct {
	At       time.Duration
	Severity string
	Service  string // empty if it is the one that answered
	Text     string
}

// Explanation returns what Explain draws.
func Explanation(spans []Span) Explained {
	var e Explained
	e.tree(spans)
	implausible := false
	for i := range spans {
		implausible = implausible || spans[i].Implausible
	}
	p := &printer{}
	for i := range spans {
		s := &spans[i]
		if s.attribute(attr.JoinStatus) == "" {
			continue
		}
		e.Service, e.Route = s.attribute(attr.JoinServerService), s.attribute(attr.JoinServerRoute)
		e.Missing = missingOf(s)
		if !implausible {
			e.Ledger = ledgerOf(s)
		}
		if e.Service != "" {
			for _, facts := range [][]string{p.levels(s), p.during(s), p.clock(s)} {
				if len(facts) > 0 {
					e.Facts = append(e.Facts, strings.Join(facts, " · "))
				}
			}
		}
		e.lines(s)
		break
	}
	return e
}

// tree lists the spans in the order in which Tree draws them.
func (e *Explained) tree(spans []Span) {
	if len(spans) == 0 {
		return
	}
	roots := grow(spans)
	choose(roots, drawnSpans)
	type step struct {
		*node
		depth int
	}
	var todo []step
	push := func(nodes []*node, depth int) {
		for i := len(nodes) - 1; i >= 0; i-- {
			todo = append(todo, step{nodes[i], depth})
		}
	}
	push(roots, 0)
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		push(n.children, n.depth+1)
		if !n.drawn {
			e.SpansCut++
			continue
		}
		e.Spans = append(e.Spans, Drawn{Depth: n.depth, Span: n.Span, Took: n.duration()})
	}
}

// ledgerOf a joined span, empty if its server span is not known.
func ledgerOf(s *Span) (all []Component) {
	if s.number(attr.JoinResponseTime) <= 0 {
		return nil
	}
	for _, part := range ledgerComponents {
		if key := attr.JoinLedger + part.key; s.attribute(key) != "" {
			all = append(all, Component{part.name, seconds(s.number(key))})
		}
	}
	if rest := s.number(attr.JoinUnexplained); rest != 0 {
		all = append(all, Component{"unexplained", seconds(rest)})
	}
	return all
}

func (e *Explained) lines(s *Span) {
	offset := seconds(s.number(attr.JoinClockOffset))
	for i := range s.Events {
		event := &s.Events[i]
		if event.Name != attr.EventLog {
			continue
		}
		line := LogLine{At: event.Time.Add(-offset).Sub(s.Start), Severity: event.attribute(attr.LogSeverity), Text: event.attribute(attr.LogBody)}
		if service := event.attribute(attr.LogService); service != e.Service {
			line.Service = service
		}
		e.Lines = append(e.Lines, line)
	}
	e.LinesCut = max(0, int(s.number(attr.JoinLogLines))-len(e.Lines))
}

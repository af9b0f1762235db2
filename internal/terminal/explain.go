package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// Explain draws the spans of one trace and, if they were joined, where the time of
// the request went, how the runtime of the target was, and what the target logged.
func Explain(w io.Writer, spans []Span, o Options) {
	Tree(w, spans, o)
	for i := range spans {
		if s := &spans[i]; s.attribute(attr.JoinStatus) != "" {
			p := &printer{Options: o}
			p.joined(s, slices.ContainsFunc(spans, func(s Span) bool { return s.Implausible }))
			io.WriteString(w, p.text.String())
			return
		}
	}
}

// joined draws what was joined to a client span. Where the time went is not known if
// spans of the trace are implausible.
func (p *printer) joined(s *Span, implausible bool) {
	if implausible {
		p.gap()
		p.line(p.paint(bold, "where the time went") + "  is not known: a span is implausible")
	} else {
		p.ledgerOf(s)
	}
	p.runtimeOf(s)
	p.linesOf(s)
	if missing := missingOf(s); len(missing) > 0 {
		p.gap()
		p.line(p.paint(yellow, "missing") + "  " + strings.Join(missing, p.dot()))
	}
}

// ledgerComponents are the components of the ledger in the order in which they follow
// each other, with the names that users see.
var ledgerComponents = []struct{ key, name string }{
	{"schedule_lag", "schedule lag"}, {"connection", "connection wait"}, {"dns", "dns"}, {"connect", "connect"},
	{"tls", "tls"}, {"write", "write"}, {"network", "network, queues"}, {"server", "server"}, {"read", "read"},
}

// ledgerOf draws the components of the response time, which add up to it.
func (p *printer) ledgerOf(s *Span) {
	const name, took, part = 18, 10, 10
	all := s.number(attr.JoinResponseTime)
	if all <= 0 {
		return
	}
	p.gap()
	p.line(p.paint(bold, "where the "+p.took(seconds(all))+" went"))
	row := func(what, note string, v float64, color ink) {
		room := min(p.width()-name-took-part-2, 60)
		bar := p.bar(min(max(v/all, 0), 1), room)
		p.line("  " + left(what, name-2) + p.paint(color, bar) + right(p.took(seconds(v)), took) + right(percent(v/all, v == all), part) + note)
	}
	for _, c := range ledgerComponents {
		if s.attribute(attr.JoinLedger+c.key) == "" {
			continue
		}
		color := cyan
		if c.key == "server" {
			color = green
		}
		row(c.name, "", s.number(attr.JoinLedger+c.key), color)
	}
	if rest := s.number(attr.JoinUnexplained); rest != 0 {
		row("unexplained", "", rest, yellow)
	}
}

// runtimeOf draws how the target was while it worked on the request.
func (p *printer) runtimeOf(s *Span) {
	who := p.clean(s.attribute(attr.JoinServerService))
	if who == "" {
		return
	}
	if route := p.clean(s.attribute(attr.JoinServerRoute)); route != "" {
		who += "  " + route
	}
	p.gap()
	p.line(p.paint(bold, p.cut(who, p.width()*2/3)) + p.paint(dim, p.age(s)))
	p.facts(p.levels(s))
	p.facts(p.during(s))
	p.facts(p.clock(s))
	if names := implausible(s); len(names) > 0 {
		text := some(uint64(len(names)), "value is", "values are") + " implausible and not shown: " + strings.Join(names, ", ")
		for _, l := range wrap(text, p.width()-2) {
			p.line("  " + p.paint(yellow, l))
		}
	}
}

// facts writes a line of them, or more if they need it.
func (p *printer) facts(of []string) {
	for _, l := range join(of, p.dot(), p.width()-2) {
		p.line("  " + l)
	}
}

// age of the runtime's sample, after a headline.
func (p *printer) age(s *Span) string {
	if s.attribute(attr.JoinRuntimeAge) == "" {
		return ""
	}
	age, when := seconds(s.number(attr.JoinRuntimeAge)), " before it answered"
	if age < 0 {
		age, when = -age, " after it answered"
	}
	return "  its runtime " + p.took(age) + when
}

// levels of the runtime, as of the last sample before the work ended.
func (p *printer) levels(s *Span) []string { return p.those(s, levelFacts) }

// those of facts that a span has and that can be true.
func (p *printer) those(s *Span, facts []fact) (shown []string) {
	for i := range facts {
		if known, ok := facts[i].plausible(s); known && ok {
			shown = append(shown, fmt.Sprintf(facts[i].format, facts[i].value(p, s.number(facts[i].key))))
		}
	}
	return shown
}

// during is what happened between the samples before and after the work.
func (p *printer) during(s *Span) (facts []string) {
	window := s.number(attr.JoinRuntimeWindow)
	if window <= 0 {
		return p.collections(s, nil)
	}
	facts = append(facts, "in the "+p.took(seconds(window))+" around it")
	return p.collections(s, append(facts, p.those(s, duringFacts)...))
}

// collections adds whether a garbage collection was at work at the same time.
func (p *printer) collections(s *Span, facts []string) []string {
	switch s.attribute(attr.JoinGCOverlap) {
	case "yes":
		facts = append(facts, p.paint(yellow, "a collection went on for "+p.overlapped(s)+" of it"))
	case "possible":
		facts = append(facts, "a collection may have overlapped it")
	case "no":
		facts = append(facts, "no collection overlapped it")
	}
	return facts
}

// overlapped is how long collections went on while the server worked.
func (p *printer) overlapped(s *Span) string {
	least, most := p.took(seconds(s.number(attr.JoinGCLeast))), p.took(seconds(s.number(attr.JoinGCMost)))
	switch {
	case s.attribute(attr.JoinGCMost) == "":
		return "a part"
	case least == most:
		return least
	}
	return least + " to " + most
}

// clock says how the two clocks stood, without which nothing of this could be said: that
// one is ahead only where its bound leaves no doubt.
func (p *printer) clock(s *Span) []string {
	if s.attribute(attr.JoinClockBound) == "" {
		return nil
	}
	offset, bound, way := seconds(s.number(attr.JoinClockOffset)), seconds(s.number(attr.JoinClockBound)), "ahead"
	if offset < 0 {
		offset, way = -offset, "behind"
	}
	within := p.pick("±", "+-") + " "
	if offset <= bound { // they may be the same, or differ to either side
		return []string{p.paint(dim, "its clock is not known to differ, within "+within+p.took(offset+bound))}
	}
	return []string{p.paint(dim, fmt.Sprintf("its clock is %s %s, %s%s", p.took(offset), way, within, p.took(bound)))}
}

// linesOf draws the lines that the request logged, at their time since it was sent.
func (p *printer) linesOf(s *Span) {
	n := uint64(max(0, s.number(attr.JoinLogLines)))
	if n == 0 {
		return
	}
	p.gap()
	whose := p.whose(s)
	title := some(n, "line that it logged", "lines that it logged")
	if whose != nil {
		title = some(n, "line that was logged", "lines that were logged")
	}
	p.line(p.paint(bold, title))
	offset := seconds(s.number(attr.JoinClockOffset))
	shown := uint64(0)
	for i := range s.Events {
		e := &s.Events[i]
		if e.Name != attr.EventLog {
			continue
		}
		shown++
		severity := p.clean(e.attribute(attr.LogSeverity))
		head := right(p.took(e.Time.Add(-offset).Sub(s.Start)), 10) + "  " + p.paint(severityInk(severity), left(severity, 5)) + "  "
		if whose != nil {
			head += p.paint(dim, whose(e)) + "  "
		}
		p.line(head + p.cut(p.clean(e.attribute(attr.LogBody)), p.width()-width(head)))
	}
	if shown < n {
		p.line("  " + p.paint(dim, fmt.Sprintf("%s and %s", p.ellipsis(), some(n-shown, "more line", "more lines"))))
	}
}

// whose names the service of a line; nil if all are of the one that answered.
func (p *printer) whose(s *Span) func(*Event) string {
	answered := s.attribute(attr.JoinServerService)
	if !slices.ContainsFunc(s.Events, func(e Event) bool { return e.Name == attr.EventLog && e.attribute(attr.LogService) != answered }) {
		return nil
	}
	return func(e *Event) string { return p.cut(p.clean(e.attribute(attr.LogService)), 20) }
}

func severityInk(severity string) ink {
	switch {
	case strings.HasPrefix(severity, "ERROR"), strings.HasPrefix(severity, "FATAL"):
		return red
	case strings.HasPrefix(severity, "WARN"):
		return yellow
	}
	return dim
}

// missingOf says in words what is missing of a joined span.
func missingOf(s *Span) (words []string) {
	var reasons []string
	if json.Unmarshal([]byte(s.attribute(attr.JoinMissing)), &reasons) != nil {
		return nil
	}
	for _, r := range reasons {
		words = append(words, missingWords(r))
	}
	return words
}

// missingWords are the values of join.missing, for people.
func missingWords(reason string) string {
	switch reason {
	case "no_server_span":
		return "no server span"
	case "not_sampled":
		return "not sampled"
	case "no_runtime":
		return "no sample of the runtime"
	case "runtime_too_old":
		return "no sample of the runtime near it"
	case "no_logs":
		return "no log lines"
	case "implausible":
		return "implausible times or figures, not used"
	case "no_clock":
		return "the clock's offset is not known"
	case "not_go":
		return "not a Go process, so no Go runtime"
	case "runtime_never_sent":
		return "no runtime metrics came"
	case "logs_never_sent":
		return "no log lines came"
	}
	return reason
}

// number is an attribute that is one; 0 if it is none.
func (s *Span) number(key string) float64 {
	v, _ := s.parsed(key)
	return v
}

// parsed is an attribute that is a number, if it is one.
func (s *Span) parsed(key string) (v float64, ok bool) {
	v, err := strconv.ParseFloat(s.attribute(key), 64)
	if err != nil || math.IsNaN(v) {
		return 0, false
	}
	return v, true
}

func seconds(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }

func whole(v float64) string { return count(uint64(max(v, 0))) }

func bytesOf(v float64) string { return size(int64(max(v, 0))) }

package terminal

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// Summary draws what became of a run.
func Summary(w io.Writer, s summary.Summary, o Options) {
	p := &printer{Options: o, imported: s.Imported != nil}
	p.headline(&s)
	for i := range s.Attacks {
		a := &s.Attacks[i]
		p.title(a.Name, a.Target)
		p.figures(&a.Figures)
	}
	if len(s.Attacks) > 1 {
		p.title("all attacks", "")
		p.totals(&s.Total)
	}
	p.requests("slowest requests", s.Slowest, len(s.Attacks) > 1)
	p.requests("first failed request of each kind", firstOfKind(s.Failures), len(s.Attacks) > 1)
	if !p.imported {
		p.telemetry(&s)
	}
	p.environment(&s.Environment)
	p.distrust(&s)
	p.thresholds(s.Verdict.Thresholds)
	p.verdict(&s)
	p.findings(&s)
	io.WriteString(w, p.text.String())
}

// printer collects lines.
type printer struct {
	Options
	text     strings.Builder
	imported bool // the figures are of another tool's results
}

// line writes a line, cut at the printer's width.
func (p *printer) line(s string) {
	p.text.WriteString(strings.TrimRight(p.cut(s, p.width()), " "))
	p.text.WriteByte('\n')
}

// whole writes a line that is to be copied, which may be longer than the printer is wide.
func (p *printer) whole(s string) {
	p.text.WriteString(s)
	p.text.WriteByte('\n')
}

func (p *printer) gap() { p.text.WriteByte('\n') }

func (p *printer) headline(s *summary.Summary) {
	mark, color, what := p.ending(s)
	run := "run " + p.clean(s.RunID)
	room := p.width() - width(run) - 2
	head := p.paint(color, mark) + " " + p.paint(bold, p.clean(s.Plan)) + " " + what + p.long(s.Elapsed.Duration())
	failing, aside := s.Failing(), ""
	if failing.Level() > summary.None && s.End != summary.Failed {
		aside = s.FailingWords()
	}
	if n := len(s.Faults); n > 0 {
		head += p.dot() + p.paint(alarm, some(uint64(n), "fault", "faults")+", see below")
	} else if v := s.Verdict.Verdict; v == verdict.Fail || v == verdict.Undecided {
		head += p.dot() + p.paint(color, p.clean(string(v))+", see below")
	} else if with := head + p.dot() + p.paint(levelInk(failing), p.clean(aside)); aside != "" && width(with) <= room {
		head, aside = with, ""
	}
	p.line(left(p.cut(head, room), room) + "  " + p.paint(dim, run))
	p.under(levelInk(failing), aside)
	if s.Imported != nil {
		p.under(dim, s.Imported.Words())
	}
	p.under(red, s.Error)
	p.under(yellow, s.StopReason)
	if s.Shard != nil {
		p.under(dim, s.Shard.Words())
	}
	p.under(dim, s.ShardWords())
}

// ending is the mark of a run, and how it ended. A tick is for a run that ended as
// planned, on a measurement that can be trusted, of a target that answered, or whose
// errors are as a threshold wants them.
func (p *printer) ending(s *summary.Summary) (mark string, color ink, what string) {
	cross := p.pick("✘", "!!")
	mark, color, what = p.pick("✔", "ok"), green, "completed in "
	switch {
	case s.End == summary.Failed:
		mark, color, what = cross, alarm, "failed after "
	case s.End == summary.Stopped:
		mark, color, what = p.pick("■", "--"), yellow, "was stopped after "
	}
	switch {
	case s.Imported != nil:
		return p.pick("○", "--"), dim, "lasted "
	case len(s.Faults) > 0 || s.Verdict.Verdict == verdict.Fail:
		return cross, alarm, what
	case s.End == summary.Failed:
		return mark, color, what
	case len(s.Unjudged()) > 0:
		return cross, alarm, what
	case s.End != summary.Completed:
		return mark, color, what
	case s.Verdict.Verdict == verdict.Undecided:
		return "?", yellow, what
	case s.Verdict.Verdict != verdict.Pass && s.Failing().Level() >= summary.Some:
		return "!", yellow, what
	}
	return mark, color, what
}

// levelInk is how bad errors are.
func levelInk(f summary.Failing) ink {
	switch f.Level() {
	case summary.All, summary.Most:
		return alarm
	case summary.Some:
		return yellow
	}
	return dim
}

// under writes a sentence below the headline, if there is one.
func (p *printer) under(color ink, sentence string) {
	if sentence == "" {
		return
	}
	for _, l := range wrap(p.clean(sentence), p.width()-2) {
		p.line("  " + p.paint(color, l))
	}
}

func (p *printer) title(name, what string) {
	p.gap()
	room := p.width()
	if what != "" {
		room /= 2
	}
	name = p.cut(p.clean(name), room)
	s := p.paint(bold, name)
	if what != "" {
		s += "  " + p.cutMiddle(p.clean(what), p.width()-width(name)-2)
	}
	p.line(s)
	p.line(p.paint(dim, strings.Repeat(p.pick("─", "-"), p.width())))
}

// figures of one attack.
func (p *printer) figures(f *summary.Figures) {
	p.totals(f)
	if f.Requests.Sent() == 0 {
		return
	}
	p.stream(f.Stream)
	p.distribution(f)
	p.phases(f)
	if p.imported {
		p.gap()
		p.bodies(f)
	} else {
		p.connections(f)
	}
}

// totals are the figures that make sense across attacks.
func (p *printer) totals(f *summary.Figures) {
	p.counts(f)
	p.rate(f)
	p.examples(f)
	if f.Requests.Sent() == 0 {
		p.gap()
		p.line("  No request was sent, so nothing was measured.")
		return
	}
	p.times(f)
}

func (p *printer) rate(f *summary.Figures) {
	sent := p.paint(rateInk(f), rate(f.RateAchieved)) + " sent"
	switch {
	case p.imported && f.RateAchieved > 0:
		p.rateLine(sent)
	case p.imported:
	case f.RateWanted > 0 && cutShort(f):
		p.rateLine(rate(f.RateWanted)+" wanted over the whole schedule", sent+" until it was stopped")
	case f.RateWanted > 0:
		p.rateLine(rate(f.RateWanted)+" wanted", sent)
	case f.Requests.Sent() > 0 && f.RateAchieved == 0:
		p.rateLine("none", "closed loop, and no request finished")
	case f.Requests.Sent() > 0 && f.Lag.Count == 0:
		p.rateLine(p.paint(bold, rate(f.RateAchieved))+" finished", "closed loop: as fast as the target answered")
	case f.Requests.Sent() > 0:
		p.rateLine(p.paint(bold, rate(f.RateAchieved)), "sent in open stages, finished in closed loops")
	}
}

// rateLine writes the parts of what there is to say of a rate, on lines of their own
// where they do not fit on one.
func (p *printer) rateLine(parts ...string) {
	const label = 16
	for i, l := range join(parts, p.dot(), p.width()-label) {
		head := spaces(label)
		if i == 0 {
			head = left("    rate", label)
		}
		p.line(head + l)
	}
}

// cutShort reports whether only a part of the schedule was completed, whose
// rate need not be that of the whole.
func cutShort(f *summary.Figures) bool { return f.Requests.NotSent[loadgen.NotSentStopped] > 0 }

// rateInk warns of a schedule that was not kept to within a hundredth.
func rateInk(f *summary.Figures) ink {
	if f.RateAchieved < 0.99*f.RateWanted && !cutShort(f) {
		return yellow
	}
	return bold
}

// telemetry reports whether what was recorded arrived.
func (p *printer) telemetry(s *summary.Summary) {
	t := s.Telemetry
	p.gap()
	if t.SpansMade == 0 {
		p.line(p.paint(bold, "telemetry") + "  no spans were made")
		return
	}
	dropped := count(t.SpansDropped) + " dropped"
	if t.SpansDropped > 0 {
		dropped = p.paint(alarm, dropped)
	}
	parts := []string{
		some(t.SpansMade, "span", "spans") + " made",
		count(t.SpansDelivered) + " delivered",
		dropped,
	}
	if t.SpansSampledOut > 0 {
		parts = append(parts, count(t.SpansSampledOut)+" sampled out")
	}
	if s.Total.Requests.Sent() > 0 {
		parts = append(parts, fmt.Sprintf("%.3f per request", t.SpansPerRequest))
	}
	if t.Refused > 0 {
		parts = append(parts, some(t.Refused, "delivery", "deliveries")+" refused and retried")
	}
	if t.LogsDropped > 0 {
		parts = append(parts, p.paint(alarm, some(t.LogsDropped, "event", "events")+" dropped"))
	}
	if t.MetricsDropped > 0 {
		parts = append(parts, p.paint(alarm, some(t.MetricsDropped, "metric point", "metric points")+" dropped"))
	}
	for i, l := range join(parts, p.dot(), p.width()-11) {
		label := spaces(9)
		if i == 0 {
			label = p.paint(bold, "telemetry")
		}
		p.line(label + "  " + l)
	}
	p.join(t.Join)
}

// join says what of the target's side was joined to the requests.
func (p *printer) join(j *summary.Join) {
	if j == nil || j.Complete+j.Partial == 0 {
		p.aside(j)
		return
	}
	all := j.Complete + j.Partial + j.None
	for i, l := range join(slices.Concat(p.joinedParts(j, all), p.missing(j.Missing), p.absent(j.Absent, all)), p.dot(), p.width()-11) {
		label := spaces(9)
		if i == 0 {
			label = p.paint(bold, left("join", 9))
		}
		p.line(label + "  " + l)
	}
	p.aside(j)
}

// joinedParts are how many requests have all that there is to join, and, where some do not,
// how many have their server span: with it, it is known where their time went.
func (p *printer) joinedParts(j *summary.Join, all uint64) []string {
	complete := count(j.Complete) + " complete (" + share(j.Complete, all) + ")"
	if j.Complete == all {
		return []string{some(all, "request", "requests") + " joined", complete}
	}
	served := all - min(all, j.Missing["no_server_span"]+j.Missing["not_sampled"])
	return []string{
		count(served) + " of " + some(all, "request", "requests") + " joined to their server span (" + share(served, all) + ")",
		complete,
	}
}

// absent is what the target never sent of any request, or how often, so that it was not
// expected.
func (p *printer) absent(of map[string]uint64, all uint64) (parts []string) {
	for _, why := range slices.Sorted(maps.Keys(of)) {
		words := missingWords(why)
		if of[why] < all {
			words += " " + p.repeated(of[why])
		}
		parts = append(parts, words)
	}
	return parts
}

// missing is what requests lack, the most frequent first.
func (p *printer) missing(of map[string]uint64) (parts []string) {
	for _, why := range slices.SortedFunc(maps.Keys(of), func(a, b string) int {
		return cmp.Or(cmp.Compare(of[b], of[a]), cmp.Compare(a, b))
	}) {
		parts = append(parts, missingWords(why)+" "+p.repeated(of[why]))
	}
	return parts
}

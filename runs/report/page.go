package report

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// page is what the template shows. All texts are escaped for their direction of writing and
// the like; html/template escapes them for HTML.
type page struct {
	Title   string
	Runs    []runPage // one, or two to hold against each other
	Compare *comparePage
	Charts  charts
	Panels  []panel
}

// figure is a number as the terminal writes it, and as JSON has it.
type figure struct{ Text, Value string }

func seconds(s summary.Seconds) figure {
	return figure{quantity.Seconds(float64(s)), strconv.FormatFloat(float64(s), 'g', -1, 64)}
}

// quantile is a figure of quantiles, a dash where there are no values.
func quantile(q summary.Quantiles, s summary.Seconds) figure {
	if q.Count == 0 {
		return figure{"–", ""}
	}
	return seconds(s)
}

func number64(n uint64) figure { return figure{quantity.Count(n), strconv.FormatUint(n, 10)} }

func rateFigure(r float64) figure {
	return figure{quantity.Rate(r), strconv.FormatFloat(r, 'g', -1, 64)}
}

// runPage is one run.
type runPage struct {
	Which      string // First, Second; empty if it is the only one
	Plan, ID   string
	Verdict    string
	Words      string // of the verdict
	How        string // it ended, and when
	Warnings   []string
	Reasons    []string
	Advice     []string
	Lines      []string // to add to the plan
	Tiles      []tile
	Thresholds []thresholdRow
	Attacks    []attackPage
	Targets    []targetRow
	Ledger     []share
	LedgerOf   string
	GC         []gcRow
	Slowest    []requestRow
	Wrong      []requestRow
	Findings   []findingPage
	Facts      []fact
	Notes      []string
}

type tile struct {
	Name string
	figure
	Note string
}

type fact struct{ Name, Text string }

type thresholdRow struct {
	Outcome, Mark, Name, Where, Limit, Value, First string
}

type requestRow struct {
	Index             int // of the run's requests
	Response, Service figure
	Result            string
	OK                bool
	Trace, What       string
	Attack            string
	At                figure
	Explained         bool
}

func newRun(which string, d *Data) runPage {
	s := d.Summary
	r := runPage{
		Which: which, Plan: shown(s.Plan), ID: shown(s.RunID), Verdict: shown(cmp.Or(string(s.Verdict.Verdict), "none")), Words: shown(capital(s.VerdictWords())),
		How:     endWords[s.End] + " after " + quantity.Long(s.Elapsed.Duration()) + ", begun " + s.Began.UTC().Format("2006-01-02 15:04:05") + " UTC",
		Reasons: plainAll(s.Verdict.Reasons), Advice: plainAll(s.Verdict.Advice), Notes: plainAll(d.Notes),
	}
	advice, lines := s.ErrorThreshold()
	if advice != "" {
		r.Advice, r.Lines = append(r.Advice, plaintext.Line(advice)), plainAll(lines)
	}
	r.warn(s)
	r.Tiles = tiles(&s.Total)
	for i := range s.Verdict.Thresholds {
		r.Thresholds = append(r.Thresholds, thresholdOf(&s.Verdict.Thresholds[i]))
	}
	for i := range s.Attacks[:min(len(s.Attacks), maxShown)] {
		a := &s.Attacks[i]
		r.Attacks = append(r.Attacks, attackOf(shown(a.Name), shown(a.Target), &a.Figures))
	}
	if len(s.Attacks) > 1 {
		r.Attacks = append(r.Attacks, attackOf("all attacks", "", &s.Total))
	}
	if n := len(s.Attacks) - maxShown; n > 0 {
		r.Notes = append(r.Notes, "the figures of "+quantity.Some(uint64(n), "further attack are", "further attacks are")+" not shown; the JSON summary has them")
	}
	r.targets(d)
	r.joined(d)
	r.requests(d)
	r.findings(d)
	r.facts(s)
	return r
}

// maxShown bounds the attacks and findings that are shown.
const maxShown = 50

// endWords say how a run ended.
var endWords = map[string]string{summary.Completed: "Completed", summary.Stopped: "Stopped", summary.Failed: "Failed"}

func plainAll(of []string) []string {
	var out []string
	for _, s := range of {
		out = append(out, plaintext.Line(s))
	}
	return out
}

func (r *runPage) warn(s *summary.Summary) {
	if s.Error != "" {
		r.Warnings = append(r.Warnings, "The run failed: "+plaintext.Line(s.Error))
	}
	if s.StopReason != "" {
		r.Warnings = append(r.Warnings, "The run was stopped: "+plaintext.Line(s.StopReason))
	}
	if s.Shard != nil {
		r.Warnings = append(r.Warnings, plaintext.Line(s.Shard.Words()))
	}
	for _, f := range s.Faults {
		r.Warnings = append(r.Warnings, "Fault: "+plaintext.Line(f))
	}
}

// tiles are the figures that readers ask for first.
func tiles(f *summary.Figures) []tile {
	failing, q := f.Failing(), f.ResponseTime
	rate := tile{Name: "Rate", figure: rateFigure(f.RateAchieved)}
	if f.RateWanted > 0 {
		rate.Note = "of " + quantity.Rate(f.RateWanted) + " wanted"
	}
	return []tile{
		{"Requests sent", number64(f.Requests.Sent()), "of " + quantity.Count(f.Requests.Planned) + " planned"},
		{"Errors", figure{quantity.Share(failing.Errors, failing.Due), strconv.FormatUint(failing.Errors, 10)}, quantity.Some(failing.Errors, "request", "requests")},
		rate,
		{"Response p50", quantile(q, q.P50), "service " + quantile(f.ServiceTime, f.ServiceTime.P50).Text},
		{"Response p99", quantile(q, q.P99), "service " + quantile(f.ServiceTime, f.ServiceTime.P99).Text},
		{"Response max", quantile(q, q.Max), "service " + quantile(f.ServiceTime, f.ServiceTime.Max).Text},
	}
}

var outcomeWords = map[verdict.Outcome][2]string{verdict.Passed: {"passed", "✔"}, verdict.Breached: {"breached", "✘"}, verdict.NoSamples: {"no samples", "?"}}

func thresholdOf(t *verdict.Result) thresholdRow {
	words := outcomeWords[t.Outcome]
	row := thresholdRow{
		Outcome: words[0], Mark: words[1], Name: shown(t.Figure), Where: shown(t.Where),
		Limit: shown(t.Allowed()), Value: shown(t.Measured()),
	}
	if t.Outcome == verdict.Breached && t.FirstBreach != nil {
		row.First = quantity.Seconds(float64(*t.FirstBreach))
		if t.Aborted {
			row.First += ", ended the run"
		}
	}
	return row
}

// shownRequests bounds the rows of each list of requests; a click on a chart opens all that
// are kept.
const shownRequests = 10

func (r *runPage) requests(d *Data) {
	for i, q := range d.Requests {
		if len(r.Slowest) < shownRequests {
			r.Slowest = append(r.Slowest, d.row(i, q))
		}
		if !q.OK() && len(r.Wrong) < 2*shownRequests {
			r.Wrong = append(r.Wrong, d.row(i, q))
		}
	}
}

func (d *Data) row(i int, r *Request) requestRow {
	row := requestRow{
		Index: i, Response: seconds(summary.Seconds(r.ResponseTime().Seconds())), Service: seconds(summary.Seconds(r.ServiceTime().Seconds())),
		Result: plaintext.Line(r.result()), OK: r.OK(), Trace: r.TraceID.String(), What: r.what(), Attack: d.attackName(r.Attack),
		At: seconds(summary.Seconds(r.Intended.Sub(d.Summary.Began).Seconds())), Explained: r.Trace != nil,
	}
	if r.Unsampled {
		row.Trace = "not sampled"
	}
	return row
}

// facts are what a reader wants to know of the circumstances.
func (r *runPage) facts(s *summary.Summary) {
	add := func(name string, words ...string) {
		if text := strings.Join(words, " · "); text != "" {
			r.Facts = append(r.Facts, fact{name, plaintext.Line(text)})
		}
	}
	t := &s.Telemetry
	add("Spans", quantity.Count(t.SpansMade)+" made", quantity.Count(t.SpansDelivered)+" delivered", quantity.Count(t.SpansDropped)+" dropped")
	if j := t.Join; j != nil {
		all := j.Complete + j.Partial + j.None
		add("Joined", quantity.Count(j.Complete)+" complete ("+quantity.Share(j.Complete, all)+")", quantity.Count(j.Partial)+" in part", quantity.Count(j.None)+" not")
		add("Join", append(plainAll(j.Errors), plainAll(j.Advice)...)...)
	}
	add("Generator", described(&s.Environment.Generator)...)
	for i := range s.Environment.Targets[:min(len(s.Environment.Targets), maxInstances)] {
		target := &s.Environment.Targets[i]
		add("Target "+target.Service, described(&target.Environment)...)
	}
	if len(s.Verdict.Unknown) > 0 {
		add("Not known", s.Verdict.Unknown...)
	}
}

func described(e *environment.Environment) []string {
	if !e.Known() {
		return nil
	}
	return append([]string{e.Fingerprint()}, e.Words()...)
}

// unsentWords say why requests were not sent.
func unsentWords(of map[loadgen.NotSentReason]uint64) []string {
	var words []string
	for _, reason := range loadgen.NotSentReasons() {
		if n := of[reason]; n > 0 {
			words = append(words, strings.ReplaceAll(string(reason), "_", " ")+" × "+quantity.Count(n))
		}
	}
	return words
}

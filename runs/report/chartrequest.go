package report

import (
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
)

// chartRequest is a request in a form that takes little room.
type chartRequest struct {
	Attack   string      `json:"attack"`
	Stage    int         `json:"stage"`
	Seq      uint64      `json:"seq"`
	Trace    string      `json:"id"`
	Sampled  bool        `json:"sampled"`
	At       float64     `json:"at"` // due, since the run began
	What     string      `json:"what"`
	Result   string      `json:"result"`
	OK       bool        `json:"ok"`
	Error    string      `json:"error,omitempty"`
	Response float64     `json:"response"`
	Service  float64     `json:"service"`
	Lag      float64     `json:"lag"`
	Phases   numbers     `json:"phases"`
	Reused   bool        `json:"reused"`
	Sent     int64       `json:"sent"`
	Received int64       `json:"received"`
	Target   *chartTrace `json:"target,omitempty"`
}

func (r *Request) chart(d *Data) chartRequest {
	c := chartRequest{
		Attack: d.attackName(r.Attack), Stage: r.Stage + 1, Seq: r.Seq, Trace: r.TraceID.String(), Sampled: !r.Unsampled,
		At: r.Intended.Sub(d.Summary.Began).Seconds(), What: r.what(), Result: plaintext.Line(r.result()), OK: r.OK(),
		Response: r.ResponseTime().Seconds(), Service: r.ServiceTime().Seconds(), Lag: r.Lag().Seconds(),
		Reused: r.Reused, Sent: r.BytesSent, Received: r.BytesReceived,
	}
	c.Error = shown(r.ErrorText)
	if c.Error == "" {
		c.Error = shown(r.Excerpt)
	}
	for _, p := range phasesOf(&r.Phases) {
		c.Phases = append(c.Phases, p.Seconds())
	}
	c.Target = r.Trace.chart()
	return c
}

func (d *Data) attackName(i int) string {
	if i < 0 || i >= len(d.Summary.Attacks) {
		return ""
	}
	return shown(d.Summary.Attacks[i].Name)
}

// what a request is of: its method and path, or the method of gRPC.
func (r *Request) what() string {
	if r.Target == nil {
		return ""
	}
	if r.Target.RPC {
		return shown(r.Target.Method)
	}
	return shown(r.Target.Method + " " + r.Target.URL)
}

func (r *Request) result() string {
	switch {
	case r.Outcome == loadgen.NotSent:
		return string(r.NotSent)
	case r.Error != "":
		return string(r.Error)
	}
	return r.StatusName()
}

// shown is text from outside, cut to what a report shows.
func shown(s string) string {
	s = plaintext.Line(cutTo(s, 4*maxText))
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

type chartTrace struct {
	Service string      `json:"service"`
	Route   string      `json:"route"`
	Ledger  []chartPart `json:"ledger,omitempty"`
	Facts   []string    `json:"facts,omitempty"`
	Missing []string    `json:"missing,omitempty"`
	Spans   []chartSpan `json:"spans,omitempty"`
	Lines   []chartLine `json:"lines,omitempty"`
	Cut     [2]int      `json:"cut"`
}

type chartPart struct {
	Name string  `json:"name"`
	Took float64 `json:"took"`
}

type chartSpan struct {
	Depth   int     `json:"depth"`
	Service string  `json:"service"`
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Begin   float64 `json:"begin"`
	Took    float64 `json:"took"`
	Error   string  `json:"error,omitempty"`
}

type chartLine struct {
	At       float64 `json:"at"`
	Severity string  `json:"severity"`
	Service  string  `json:"service,omitempty"`
	Text     string  `json:"text"`
}

func (t *Trace) chart() *chartTrace {
	if t == nil {
		return nil
	}
	t.bound()
	c := &chartTrace{Service: shown(t.Service), Route: shown(t.Route), Cut: [2]int{t.SpansCut, t.LinesCut}}
	for _, p := range t.Ledger {
		c.Ledger = append(c.Ledger, chartPart{shown(p.Name), p.Took.Seconds()})
	}
	c.Facts, c.Missing = shownAll(t.Facts), shownAll(t.Missing)
	for _, s := range t.Spans {
		c.Spans = append(c.Spans, chartSpan{min(s.Depth, 20), shown(s.Service), shown(s.Name), shown(s.Kind), s.Begin.Seconds(), s.Took.Seconds(), shown(s.Error)})
	}
	for _, l := range t.Lines {
		c.Lines = append(c.Lines, chartLine{l.At.Seconds(), shown(l.Severity), shown(l.Service), shown(l.Text)})
	}
	return c
}

func shownAll(of []string) []string {
	out := make([]string, 0, min(len(of), maxLines))
	for _, s := range of[:min(len(of), maxLines)] {
		out = append(out, shown(s))
	}
	return out
}

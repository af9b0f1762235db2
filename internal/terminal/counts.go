package terminal

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// countLine is a line of the counts: a number, its part of what was planned, and
// what it consists of.
type countLine struct {
	sign, name string
	n          uint64
	of         []string
	color      ink
}

// counts draws the counts as the sum that they are.
func (p *printer) counts(f *summary.Figures) {
	r := f.Requests
	entries := []countLine{
		{sign: " ", name: "planned", n: r.Planned},
		{sign: "=", name: "finished", n: r.Finished, of: p.statuses(f.Status)},
		{sign: "+", name: "failed", n: r.Failed, of: p.kinds(f.Errors), color: p.failedInk(f)},
		{sign: "+", name: "not sent", n: r.Unsent(), of: p.reasons(r.NotSent), color: yellow},
	}
	n := 7
	for _, e := range entries {
		n = max(n, width(count(e.n)))
	}
	for _, e := range entries {
		p.countLine(e, n, r.Planned)
	}
}

// failedInk is that of an error, unless all that failed was cut off by the stop of the run.
func (p *printer) failedInk(f *summary.Figures) ink {
	if f.Cut() == f.Requests.Failed {
		return yellow
	}
	return red
}

func (p *printer) countLine(e countLine, n int, planned uint64) {
	part := ""
	if e.name != "planned" {
		part = share(e.n, planned)
	}
	if e.n == 0 {
		e.color = ""
	}
	head := "  " + e.sign + " " + left(e.name, 10) + p.paint(e.color, right(count(e.n), n)) + right(part, 9) + "   "
	of := join(e.of, p.dot(), p.width()-width(head))
	p.line(head + strings.Join(of[:min(1, len(of))], ""))
	for _, l := range of[min(1, len(of)):] {
		p.line(spaces(width(head)) + l)
	}
}

// statuses are the codes with their numbers.
func (p *printer) statuses(status map[string]uint64) []string {
	var out []string
	for _, code := range slices.SortedFunc(maps.Keys(status), byCode) {
		out = append(out, p.paint(statusInk(code), p.clean(code)+" "+p.repeated(status[code])))
	}
	return out
}

func (p *printer) kinds(errors map[loadgen.ErrorKind]summary.Error) []string {
	var out []string
	for _, kind := range byCount(errors) {
		out = append(out, p.clean(string(kind))+" "+p.repeated(errors[kind].Count))
	}
	return out
}

func (p *printer) reasons(reasons map[loadgen.NotSentReason]uint64) []string {
	var out []string
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		words := p.clean(string(reason))
		switch reason {
		case loadgen.NotSentLate:
			words = "too late"
		case loadgen.NotSentError:
			words = "the engine failed"
		case loadgen.NotSentConnectionWait:
			words = "waited for a connection"
		case loadgen.NotSentBackoff:
			words = "no connection, dial in backoff"
		}
		out = append(out, words+" "+p.repeated(reasons[reason]))
	}
	return out
}

func (p *printer) repeated(n uint64) string { return p.by() + " " + count(n) }

// examples are the words of the first failure of each kind, and of one answer of each
// bad status.
func (p *printer) examples(f *summary.Figures) {
	if len(f.Errors)+len(f.Excerpts) > 0 {
		p.gap()
	}
	for _, kind := range byCount(f.Errors) {
		words := p.clean(f.Errors[kind].Example)
		p.example(string(kind), words+hint(words))
	}
	for _, status := range slices.SortedFunc(maps.Keys(f.Excerpts), byCode) {
		p.example(status, f.Excerpts[status])
	}
}

func (p *printer) example(name, words string) {
	if words = p.clean(words); words == "" {
		return
	}
	label := "    " + left(p.clean(name), 11) + " "
	for i, l := range wrap(words, p.width()-width(label)) {
		if i > 0 {
			label = spaces(width(label))
		}
		p.line(label + p.paint(dim, l))
	}
}

// hint is what to do about an error whose words do not say it.
func hint(words string) string {
	if strings.Contains(words, "first record does not look like a TLS handshake") {
		return "; the target answers without TLS: write plaintext: true for gRPC, or http:// for HTTP"
	}
	return ""
}

// byCount orders kinds, the most frequent first.
func byCount(errors map[loadgen.ErrorKind]summary.Error) []loadgen.ErrorKind {
	return slices.SortedFunc(maps.Keys(errors), func(a, b loadgen.ErrorKind) int {
		return cmp.Or(cmp.Compare(errors[b].Count, errors[a].Count), cmp.Compare(a, b))
	})
}

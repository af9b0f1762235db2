package report

import (
	"fmt"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// findingPage is a cause that the run names.
type findingPage struct {
	Name, Sure, Sentence string
	Evidence             []evidencePage
	Try, Refute          []string
}

type evidencePage struct {
	Text   string
	Traces []traceLink
}

// traceLink names a request; Index is its place among the requests, −1 if it was not kept.
type traceLink struct {
	ID    string
	Index int
}

func (r *runPage) findings(d *Data) {
	known := map[string]int{}
	for i, q := range d.Requests {
		known[q.TraceID.String()] = i
	}
	all := d.Summary.Findings
	for i := range all[:min(len(all), maxShown)] {
		r.Findings = append(r.Findings, findingOf(&all[i], known))
	}
}

func findingOf(f *summary.Finding, known map[string]int) findingPage {
	p := findingPage{
		Name: shown(capital(strings.ReplaceAll(string(f.Kind), "_", " "))), Sure: fmt.Sprintf("%.0f %% sure", 100*min(max(f.Confidence, 0), 0.99)),
		Sentence: shown(f.Sentence), Try: shownAll(f.Try), Refute: shownAll(f.Refute),
	}
	for i := range f.Evidence[:min(len(f.Evidence), maxLines)] {
		e := evidencePage{Text: shown(f.Evidence[i].Text)}
		for _, id := range f.Evidence[i].TraceIDs[:min(len(f.Evidence[i].TraceIDs), 3)] {
			index, kept := known[id]
			if !kept {
				index = -1
			}
			e.Traces = append(e.Traces, traceLink{shown(id), index})
		}
		p.Evidence = append(p.Evidence, e)
	}
	return p
}

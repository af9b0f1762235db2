package runpage

import (
	"io"
	"time"

	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/report"
)

// Page collects what a report shows of a run while it goes on.
type Page struct {
	builder *report.Builder
	store   *tracestore.Store // nil: nothing of the target is known
}

// New makes the page of a run of a plan, whose client spans come to a store if there
// is one.
func New(plan *loadgen.Plan, store *tracestore.Store) *Page {
	var names []string
	for i := range plan.Attacks {
		names = append(names, plan.Attacks[i].Name)
	}
	p := &Page{builder: report.NewBuilder(names...), store: store}
	if store != nil {
		store.Watch(Watch(p.builder))
	}
	return p
}

// Record is a loadgen.Sink for the records of the run.
func (p *Page) Record(r *loadgen.Record) { p.builder.Add(r) }

// HTML writes the page of the run, which is over. It is called once.
func (p *Page) HTML(w io.Writer, s *summary.Summary) error {
	d := p.builder.Data(s)
	if p.store != nil {
		Traces(d, p.store, time.Now())
	}
	return report.HTML(w, d, nil)
}

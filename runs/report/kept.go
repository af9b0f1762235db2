package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Bounds of what is kept of single requests, beside the slowest and the first error of
// each cell of a timeline.
const (
	keptSlowest = 50 // of an attack
	keptOfError = 5  // of each kind of error of an attack
	errorKinds  = 32 // of an attack; errors of further kinds are kept by their cell only
)

// phaseCount is the number of phases of a request.
const phaseCount = 7

// phaseNames are those that the terminal shows, in the order of phasesOf.
var phaseNames = [phaseCount]string{"connection wait", "dns", "connect", "tls", "write", "wait", "read"}

func phasesOf(p *loadgen.Phases) [phaseCount]time.Duration {
	return [...]time.Duration{p.Conn, p.DNS, p.Connect, p.TLS, p.Write, p.Wait, p.Read}
}

// Request is a request that a report shows by itself.
type Request struct {
	loadgen.Record
	// Trace is what is known of the target's side; nil if nothing is.
	Trace *Trace
}

// arrival is a request on its way into a builder.
type arrival struct {
	*loadgen.Record
	trace func() *Trace // makes what is known of the target's side, for a request that is kept; nil if nothing is
	kept  *Request      // once it is
}

// keep copies the request, once.
func (r *arrival) keep() *Request {
	if r.kept != nil {
		return r.kept
	}
	c := *r.Record
	c.ErrorText, c.Excerpt, c.Stream = strings.Clone(cutTo(r.ErrorText, loadgen.MaxErrorText)), strings.Clone(cutTo(r.Excerpt, loadgen.MaxExcerpt)), nil
	r.kept = &Request{Record: c}
	if r.trace != nil {
		r.kept.Trace = r.trace()
	}
	return r.kept
}

func cutTo(s string, n int) string { return s[:min(len(s), n)] }

// worst keeps the slowest requests of an attack, and the first of each kind of error.
type worst struct {
	slowest []*Request // at most keptSlowest, in no order
	fastest int        // index of the fastest, once slowest is full
	errors  map[string][]*Request
}

func (w *worst) add(r *arrival) {
	switch {
	case r.Outcome == loadgen.NotSent, !r.Due():
		return
	case !r.OK():
		w.err(r)
	}
	if len(w.slowest) < keptSlowest {
		w.slowest = append(w.slowest, r.keep())
	} else if r.ResponseTime() > w.slowest[w.fastest].ResponseTime() {
		w.slowest[w.fastest] = r.keep()
	} else {
		return
	}
	for i := range w.slowest {
		if w.slowest[i].ResponseTime() < w.slowest[w.fastest].ResponseTime() {
			w.fastest = i
		}
	}
}

func (w *worst) err(r *arrival) {
	kind := errorOf(r.Record)
	of, known := w.errors[kind]
	if len(of) >= keptOfError || !known && len(w.errors) >= errorKinds {
		return
	}
	if w.errors == nil {
		w.errors = map[string][]*Request{}
	}
	w.errors[kind] = append(of, r.keep())
}

// errorOf names the error of a request that is not OK.
func errorOf(r *loadgen.Record) string {
	if r.Outcome == loadgen.Failed {
		return cmp.Or(string(r.Error), string(loadgen.ErrorOther))
	}
	return r.StatusName()
}

// key tells requests of a run apart.
type key struct {
	attack int
	seq    uint64
}

// gathering puts requests in one list, each once.
type gathering struct {
	all   []*Request
	known map[key]int
}

func (g *gathering) add(r *Request) {
	if r == nil {
		return
	}
	k := key{r.Attack, r.Seq}
	if _, ok := g.known[k]; ok {
		return
	}
	if g.known == nil {
		g.known = map[key]int{}
	}
	g.known[k] = len(g.all)
	g.all = append(g.all, r)
}

// index of a request in the list, −1 for none.
func (g *gathering) index(r *Request) int {
	if r == nil {
		return -1
	}
	if i, ok := g.known[key{r.Attack, r.Seq}]; ok {
		return i
	}
	return -1
}

// sort the list, the slowest first.
func (g *gathering) sort() {
	slices.SortStableFunc(g.all, func(a, b *Request) int {
		return cmp.Or(cmp.Compare(b.ResponseTime(), a.ResponseTime()), cmp.Compare(a.Attack, b.Attack), cmp.Compare(a.Seq, b.Seq))
	})
	for i, r := range g.all {
		g.known[key{r.Attack, r.Seq}] = i
	}
}

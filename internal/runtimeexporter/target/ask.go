package target

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Limits of what is read of a response. The end of a heap profile is what is
// wanted of it, so all of it is read, a line at a time.
const (
	varsLimit    = 8 << 20
	heapLimit    = 256 << 20
	indexLimit   = 256 << 10
	firstLine    = 4 << 10
	metricsLimit = 16 << 20
)

// Sources.
const (
	SourceExpvar  = "expvar"
	SourcePprof   = "pprof"
	SourceMetrics = "metrics"
)

// Ask asks all endpoints at once and returns when all have answered, at the
// latest after the target's timeout. What came by then counts.
func (t *Target) Ask(ctx context.Context) Answer {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	var memory, counts, metrics sourceResult
	var wg sync.WaitGroup
	wg.Go(func() { memory = t.memory(ctx) })
	wg.Go(func() { counts = t.counts(ctx) })
	wg.Go(func() { metrics = t.metrics(ctx) })
	wg.Wait()
	a := merge(memory, counts, metrics)
	a.Target, a.Took = t, time.Since(begin)
	return a
}

// sourceResult is what one line of questions led to.
type sourceResult struct {
	source     string // that gave it, empty for none
	memory     *Memory
	goroutines *uint64
	threads    *uint64
	families   families
	faults     []Fault
}

// merge puts the parts together. What pprof and expvar say goes before what
// /metrics has of the same.
func merge(memory, counts, metrics sourceResult) Answer {
	a := Answer{Memory: memory.memory, Goroutines: counts.goroutines, Threads: counts.threads, Families: metrics.families.pass}
	for _, p := range []sourceResult{memory, counts, metrics} {
		if p.source != "" && !slices.Contains(a.Sources, p.source) {
			a.Sources = append(a.Sources, p.source)
		}
	}
	if a.Memory == nil {
		a.Memory = metrics.families.memory()
	}
	if a.Goroutines == nil {
		a.Goroutines = metrics.families.goroutines()
	}
	if a.Threads == nil {
		a.Threads = metrics.families.threads()
	}
	a.Faults = faults(a, memory, counts, metrics)
	return a
}

// faults are those of the parts, one for a source and reason. That a target
// lacks an endpoint is none if it gave something in another way.
func faults(a Answer, memory, counts, metrics sourceResult) (out []Fault) {
	for _, p := range []sourceResult{memory, counts, metrics} {
		for _, f := range p.faults {
			f.Absent = a.Up() && (f.Reason == ReasonNotFound || f.Reason == ReasonHTML)
			if !slices.ContainsFunc(out, func(o Fault) bool { return o.Source == f.Source && o.Reason == f.Reason }) {
				out = append(out, f)
			}
		}
	}
	if a.Up() && a.Memory == nil && a.Goroutines == nil && len(metrics.families.runtime) == 0 {
		out = append(out, Fault{Source: SourceMetrics, Reason: ReasonNoGo, Err: fmt.Errorf(
			"%s answers, but neither with expvar or net/http/pprof nor with go_* metrics; is it a Go program?", a.Sources)})
	}
	// A source that gave what was wanted of it by one of two endpoints lacks nothing.
	return slices.DeleteFunc(out, func(f Fault) bool { return f.Absent && slices.Contains(a.Sources, f.Source) })
}

// memory comes from expvar, which is cheaper for the target, else from the heap
// profile.
func (t *Target) memory(ctx context.Context) sourceResult {
	var p sourceResult
	err := t.get(ctx, "debug/vars", "application/json", varsLimit, func(_ http.Header, body io.Reader) (err error) {
		p.memory, err = readVars(body)
		return err
	})
	if err == nil {
		p.source = SourceExpvar
		return p
	}
	p.faults = append(p.faults, Fault{Source: SourceExpvar, Reason: reason(err), Err: err})
	if ctx.Err() != nil {
		return p
	}
	err = t.get(ctx, "debug/pprof/heap?debug=1", "text/plain", heapLimit, func(_ http.Header, body io.Reader) (err error) {
		p.memory, err = readHeap(body)
		return err
	})
	if err == nil {
		p.source = SourcePprof
		return p
	}
	p.faults = append(p.faults, Fault{Source: SourcePprof, Reason: reason(err), Err: err})
	return p
}

// counts come from pprof's index, which counts goroutines without stopping
// them, else from the first line of the goroutine profile.
func (t *Target) counts(ctx context.Context) sourceResult {
	var p sourceResult
	err := t.get(ctx, "debug/pprof/", "text/html", indexLimit, func(_ http.Header, body io.Reader) (err error) {
		p.goroutines, p.threads, err = readIndex(body)
		return err
	})
	if err != nil && ctx.Err() == nil {
		err = t.get(ctx, "debug/pprof/goroutine?debug=1", "text/plain", firstLine, func(_ http.Header, body io.Reader) (err error) {
			p.goroutines, err = readGoroutines(body)
			return err
		})
	}
	if err != nil {
		p.faults = append(p.faults, Fault{Source: SourcePprof, Reason: reason(err), Err: err})
		return p
	}
	p.source = SourcePprof
	return p
}

func (t *Target) metrics(ctx context.Context) sourceResult {
	var p sourceResult
	err := t.get(ctx, "metrics", acceptMetrics, metricsLimit, func(h http.Header, body io.Reader) (err error) {
		p.families, err = readFamilies(ctx, h, body, t.pass)
		return err
	})
	if err != nil {
		p.faults = append(p.faults, Fault{Source: SourceMetrics, Reason: reason(err), Err: err})
		return p
	}
	p.source = SourceMetrics
	if p.families.fault != nil {
		p.faults = append(p.faults, Fault{Source: SourceMetrics, Reason: ReasonFormat, Err: p.families.fault})
	}
	return p
}

// get asks for one path and has at most limit bytes of the answer read.
func (t *Target) get(ctx context.Context, path, accept string, limit int64, read func(http.Header, io.Reader) error) error {
	u := t.base.JoinPath("/")
	u, err := u.Parse(path)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", accept)
	request.Header.Set("Accept-Encoding", "gzip, identity")
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if err := status(response); err != nil {
		return fmt.Errorf("%s: %w", u, err)
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind == "text/html" && accept != kind {
		return problemf(ReasonHTML, "%s: answers with a page of HTML", u)
	}
	body, err := decoded(response, limit)
	if err != nil {
		return fmt.Errorf("%s: %w", u, err)
	}
	if err := read(response.Header, &bounded{body, limit}); err != nil {
		return fmt.Errorf("%s: %w", u, err)
	}
	return nil
}

func status(r *http.Response) error {
	switch r.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return problemf(ReasonNotFound, "answers %s", r.Status)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return problemf(ReasonUnauthorized, "answers %s", r.Status)
	}
	return problemf(ReasonStatus, "answers %s", r.Status)
}

// decoded is the body without its encoding. It is bounded on both sides of the
// decoding, so a small body cannot become a large one.
func decoded(r *http.Response, limit int64) (io.Reader, error) {
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return r.Body, nil
	case "gzip", "x-gzip":
		plain, err := gzip.NewReader(&bounded{r.Body, limit})
		if err != nil {
			return nil, undecodable(err)
		}
		return gzipped{plain}, nil
	default:
		return nil, problemf(ReasonFormat, "has the encoding %.20q, which was not asked for", encoding)
	}
}

// gzipped tells faults of the encoding from those of the connection.
type gzipped struct{ *gzip.Reader }

func (g gzipped) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	return n, undecodable(err)
}

func undecodable(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return problemf(ReasonFormat, "is declared as gzip but is not: %w", err)
	}
	return err
}

// bounded fails, rather than ends, at the limit: half an answer is none.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, problemf(ReasonTooLarge, "is larger than what is read of it")
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

package logsource

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// Loki is a source of log lines. Its methods may be called side by side.
type Loki struct {
	config   Config
	language language
	client   *client
	query    queryFunc
	counts   counts
	most     atomic.Int64 // lines of a page that this Loki allows
}

// New makes a source that owns its connections until Close. extensions are the
// host's, for http.auth; config must be valid. It connects when first asked.
func New(ctx context.Context, config Config, extensions map[component.ID]component.Component,
	settings component.TelemetrySettings) (*Loki, error) {
	h, err := config.HTTP.ToClient(ctx, extensions, settings)
	if err != nil {
		return nil, &Error{Kind: Refused, What: "make loki's client from http", Err: err}
	}
	h.CheckRedirect = sameOrigin
	h.Timeout = 0 // the client has its own, which distinguishes its end from a broken connection
	l := &Loki{config: config, language: newLanguage(config)}
	l.most.Store(int64(config.PageLines))
	l.client = &client{
		http: h, timeout: config.HTTP.Timeout, url: strings.TrimRight(config.HTTP.Endpoint, "/") + "/loki/api/v1/query_range",
		tenant: config.Tenant, language: l.language,
		maxResponse: config.MaxResponseBytes, maxBody: config.MaxBodyBytes, counts: &l.counts,
	}
	l.query = withRetries(config.Retry, func() { l.counts.retries.Add(1) }, l.client.query)
	return l, nil
}

// Close ends idle connections.
func (l *Loki) Close() { l.client.http.CloseIdleConnections() }

// Counts is what happened since New.
func (l *Loki) Counts() Counts { return l.counts.snapshot() }

// Window yields every line of any trace from and including from, to and
// excluding to: each once, in no order, on the caller's goroutine. Lines that
// reach Loki while it runs may be missed; ask for a window that has settled.
//
// After an error, lines yielded so far are good, and others are missing; after
// one of kind Incomplete, all others have been yielded.
func (l *Loki) Window(ctx context.Context, from, to time.Time, yield func(logline.Line)) error {
	return l.walk(ctx, slices.Values([]string{l.language.traced()}), from, to, yield)
}

// Lookup yields the lines of some traces, as Window does those of all. Loki
// compares each line of the span with each id, so the span should be narrow.
func (l *Loki) Lookup(ctx context.Context, ids []pcommon.TraceID, from, to time.Time, yield func(logline.Line)) error {
	ids = slices.DeleteFunc(slices.Clone(ids), pcommon.TraceID.IsEmpty)
	slices.SortFunc(ids, func(a, b pcommon.TraceID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	queries := func(yield func(string) bool) {
		for batch := range slices.Chunk(ids, l.language.batch(l.config.MaxQueryBytes, l.config.LookupIDs)) {
			if !yield(l.language.of(batch)) {
				return
			}
		}
	}
	return l.walk(ctx, queries, from, to, yield)
}

func (l *Loki) walk(ctx context.Context, queries iter.Seq[string], from, to time.Time, yield func(logline.Line)) error {
	most := int(l.most.Load())
	w := walk{query: l.query, language: l.language, most: most, limit: most, counts: &l.counts, yield: yield}
	defer func() { l.most.Store(int64(w.most)) }()
	for query := range queries {
		if err := w.span(ctx, query, from, to); err != nil {
			return err
		}
	}
	return w.missing
}

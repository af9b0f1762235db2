package store

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// waitKey is the attribute of the store's server span that says how much of it
// was injected, in seconds: whoever reads a trace can tell work from theatre.
const waitKey = attribute.Key("demo.store.injected_wait")

// Server answers GET /tokens/{digest}: 200 with the claims, 404 if there are
// none, 503 if the lookup is fated to fail. Its records do not change.
type Server struct {
	records   map[token.Digest]token.Claims
	behaviour Behaviour
	log       *slog.Logger
	lookups   atomic.Uint64
}

// NewServer returns a server of the records, which it owns from now on.
func NewServer(records map[token.Digest]token.Claims, b Behaviour, log *slog.Logger) *Server {
	return &Server{records: records, behaviour: b, log: log}
}

// Handler is the server's HTTP interface, with a span for each lookup.
func (s *Server) Handler(tel *telemetry.Telemetry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /tokens/{digest}", tel.Route(http.HandlerFunc(s.lookup)))
	return mux
}

// Lookups is how many lookups were begun.
func (s *Server) Lookups() uint64 { return s.lookups.Load() }

func (s *Server) lookup(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	fate := s.behaviour.Fate(s.lookups.Add(1) - 1)
	trace.SpanFromContext(ctx).SetAttributes(waitKey.Float64(fate.Wait.Seconds()))
	if !wait(ctx, fate.Wait) {
		return // nobody is there to be answered
	}
	if fate.Slow {
		s.log.WarnContext(ctx, "store lookup was slow", "wait_seconds", fate.Wait.Seconds())
	}
	if fate.Fail {
		s.log.ErrorContext(ctx, "store lookup failed: lock not obtained", "wait_seconds", fate.Wait.Seconds())
		http.Error(w, "lock not obtained", http.StatusServiceUnavailable)
		return
	}
	s.answer(w, token.Digest(r.PathValue("digest")))
}

func (s *Server) answer(w http.ResponseWriter, d token.Digest) {
	claims, ok := s.records[d]
	if !ok {
		http.Error(w, "no such token", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// An error here is a client that went away.
	_ = json.NewEncoder(w).Encode(claims)
}

// wait lets d pass, and says whether it did before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/demotarget/decide"
	"github.com/loadtrace/loadtrace/internal/demotarget/policy"
	"github.com/loadtrace/loadtrace/internal/demotarget/service"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// broken is a policy service, and a pool of workers, with a fault.
type broken struct{ err error }

func (b broken) Grants(context.Context, string, []string) ([]policy.Grant, error) { return nil, b.err }

func (b broken) Decide(context.Context, decide.Question) (decide.Decision, error) {
	return decide.Decision{}, b.err
}
func (broken) Close() {}

// answered is the answer to a request with a good token.
func answered(t *testing.T, a *Authorization) *httptest.ResponseRecorder {
	cache, err := service.NewCache(1)
	require.NoError(t, err)
	a.Service = service.New(token.Key("k"), cache, func(context.Context, token.Digest) (token.Claims, error) {
		return token.Claims{Subject: "someone", ExpiresAt: time.Now().Add(time.Hour)}, nil
	}, slog.New(slog.DiscardHandler))
	a.Bodies, a.Journal = Pooled{}, NewLeveled(slog.New(slog.DiscardHandler))
	request := httptest.NewRequest(http.MethodPost, "/auth/authorize", strings.NewReader(`{"action":"read","resource":"orders"}`))
	request.Header.Set("Authorization", "bearer  abc ")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, request)
	return w
}

func TestAFaultDownstreamIsTheServicesOwnAndNoRefusal(t *testing.T) {
	fine := broken{}
	for _, c := range []struct {
		policy policy.Client
		pool   decide.Pool
		status int
		code   string
	}{
		{broken{errors.New("gone")}, fine, 503, "policy_unavailable"},
		{fine, broken{context.DeadlineExceeded}, 504, "timeout"},
		{fine, broken{decide.ErrClosed}, 503, "stopping"},
	} {
		w := answered(t, &Authorization{Policy: c.policy, Pool: c.pool})
		assert.Equal(t, c.status, w.Code)
		assert.Contains(t, w.Body.String(), `"error":"`+c.code+`"`)
	}
}

func TestBothWaysOfBodiesReadAndWriteTheSame(t *testing.T) {
	out := answer{
		Decision: "allow", Subject: "<someone & co>", Scopes: []string{"orders:read"}, Asked: 1 << 40,
		ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC), Grants: []policy.Grant{{Action: "read", Resource: "orders/*"}},
	}
	for range 3 { // pooled buffers come back
		var texts []string
		for _, b := range []Bodies{Copied{}, Pooled{}} {
			var q question
			require.NoError(t, b.read(strings.NewReader(`{"action":"read","resource":"é","more":[1,{}]}`), &q))
			assert.Equal(t, question{"read", "é"}, q)
			require.Error(t, b.read(strings.NewReader(`{"action":`), &q))
			require.ErrorIs(t, b.read(failing{}, &q), io.ErrClosedPipe)
			w := httptest.NewRecorder()
			b.write(w, &out)
			assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
			texts = append(texts, w.Body.String())
		}
		assert.JSONEq(t, texts[0], texts[1])
		var again answer
		require.NoError(t, json.Unmarshal([]byte(texts[0]), &again))
		assert.Equal(t, out, again)
	}
}

func TestABufferThatGrewLargeIsNotKept(t *testing.T) {
	p := blank()
	p.Grow(2 * maxPage)
	p.free()
	for range 100 {
		q := blank()
		require.NotSame(t, p, q)
		defer q.free()
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestNeitherJournalTellsASecret(t *testing.T) {
	header := http.Header{"Authorization": {"Bearer secret-1"}, "Cookie": {"secret-2"}, "Accept": {"*/*"}}
	var printed, leveled strings.Builder
	NewPrinted(&printed).note(t.Context(), "request", shown{"POST", "/x", header})
	NewLeveled(slog.New(slog.NewTextHandler(&leveled, &slog.HandlerOptions{Level: slog.LevelDebug}))).
		note(t.Context(), "request", shown{"POST", "/x", header})
	for _, text := range []string{printed.String(), leveled.String()} {
		assert.NotContains(t, text, "secret")
		assert.Contains(t, text, "/x")
		assert.Contains(t, text, "*/*")
	}
	assert.Equal(t, "Bearer secret-1", header.Get("Authorization"), "the request's own is left alone")
}

func TestALineWhoseLevelIsNotWantedCostsNoAllocation(t *testing.T) {
	journal := NewLeveled(slog.New(slog.NewTextHandler(io.Discard, nil)))
	out := &answer{}
	assert.Zero(t, testing.AllocsPerRun(100, func() { journal.note(t.Context(), "answer", out) }))
}

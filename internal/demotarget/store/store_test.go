package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	key    = token.Key("test")
	claims = token.Claims{
		Subject: "someone", Scopes: []string{"read"},
		ExpiresAt: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
	}
)

// open starts a store of one record behind a real connection.
func open(t *testing.T, b Behaviour) (*Server, *Client) {
	tel, err := telemetry.New(t.Context(), telemetry.Config{Service: "test", Output: io.Discard}, telemetry.Exporters{})
	require.NoError(t, err)
	s := NewServer(map[token.Digest]token.Claims{key.Digest("known"): claims}, b, tel.Log)
	listening := httptest.NewTLSServer(s.Handler(tel))
	client := NewClient(strings.TrimPrefix(listening.URL, "https://"), trust(listening), Pool{Idle: AmpleIdle}, tel)
	t.Cleanup(func() {
		client.Close()
		listening.Close()
		require.NoError(t, tel.Stop(context.Background()))
	})
	return s, client
}

func trust(s *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{RootCAs: pool}
}

func TestAKnownDigestIsAnsweredWithItsClaims(t *testing.T) {
	s, client := open(t, Behaviour{})
	got, err := client.Lookup(t.Context(), key.Digest("known"))
	require.NoError(t, err)
	assert.Equal(t, claims, got)
	assert.EqualValues(t, 1, s.Lookups())
}

func TestAnUnknownDigestIsNotFound(t *testing.T) {
	_, client := open(t, Behaviour{})
	_, err := client.Lookup(t.Context(), key.Digest("unknown"))
	require.ErrorIs(t, err, ErrNotFound)
}

func TestAFatedLookupFailsWithTheStatusOfTheStore(t *testing.T) {
	_, client := open(t, Behaviour{ErrorShare: 1})
	_, err := client.Lookup(t.Context(), key.Digest("known"))
	require.EqualError(t, err, "look up a token in the store: it answered 503 Service Unavailable")
	require.NotErrorIs(t, err, ErrNotFound)
}

func TestACallerThatGoesAwayIsNotWaitedFor(t *testing.T) {
	s, client := open(t, Behaviour{Latency: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := client.Lookup(ctx, key.Digest("known"))
		gone <- err
	}()
	require.Eventually(t, func() bool { return s.Lookups() == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	// The server's side ends too, or closing it in the clean-up would hang.
}

func TestAWaitLastsAsLongAsItSaysOrUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		assert.True(t, wait(t.Context(), 5*time.Second))
		assert.Equal(t, 5*time.Second, time.Since(begin))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		assert.False(t, wait(ctx, time.Minute))
		assert.Equal(t, time.Second, time.Since(begin))
	})
}

// More lookups at once than connections that are kept: most dial.
func TestTheDefaultOfIdleConnectionsIsTooFewForManyLookupsAtOnce(t *testing.T) {
	const clients, each = 16, 20
	dialled := map[int]int64{}
	for _, idle := range []int{DefaultIdle, AmpleIdle} {
		tel, err := telemetry.New(t.Context(), telemetry.Config{Service: "test", Output: io.Discard}, telemetry.Exporters{})
		require.NoError(t, err)
		s := NewServer(map[token.Digest]token.Claims{key.Digest("known"): claims}, Behaviour{Latency: time.Millisecond}, tel.Log)
		var taken atomic.Int64
		listening := httptest.NewUnstartedServer(s.Handler(tel))
		listening.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				taken.Add(1)
			}
		}
		listening.StartTLS()
		client := NewClient(strings.TrimPrefix(listening.URL, "https://"), trust(listening), Pool{Idle: idle}, tel)
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range each {
					_, err := client.Lookup(t.Context(), key.Digest("known"))
					assert.NoError(t, err)
				}
			})
		}
		wg.Wait()
		dialled[idle] = taken.Load()
		client.Close()
		listening.Close()
		require.NoError(t, tel.Stop(context.Background()))
	}
	assert.Greater(t, dialled[DefaultIdle], int64(clients*each/4))
	assert.LessOrEqual(t, dialled[AmpleIdle], int64(2*clients))
}

func TestALimitOfOneLetsLookupsWaitTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := newTurns(1)
		require.NoError(t, turn.take(t.Context()))
		waiting := make(chan error)
		go func() { waiting <- turn.take(t.Context()) }()
		synctest.Wait()
		assert.EqualValues(t, 1, turn.counts.waiting.Load())
		turn.give()
		require.NoError(t, <-waiting)
		assert.EqualValues(t, 1, turn.counts.used.Load())
		assert.Zero(t, turn.counts.waiting.Load())
		gone, leave := context.WithCancel(t.Context())
		leave()
		require.ErrorIs(t, turn.take(gone), context.Canceled)
		turn.give()
		assert.Zero(t, turn.counts.used.Load())
	})
}

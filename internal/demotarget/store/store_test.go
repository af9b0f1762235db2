package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http/httptest"
	"strings"
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
	require.Eventually(t, func() bool { return s.Lookups() == 1 }, 5*time.Second, time.Millisecond)
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

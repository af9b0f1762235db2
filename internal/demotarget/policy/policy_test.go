package policy

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/internal/demotarget/identity"
	"github.com/loadtrace/loadtrace/internal/demotarget/policyv1"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted counts the connections that it takes.
type counted struct {
	net.Listener
	taken atomic.Int64
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.taken.Add(1)
	}
	return conn, err
}

// open starts a policy service, and makes both clients of it.
func open(t *testing.T) (kept, perCall Client, l *counted) {
	tel, err := telemetry.New(t.Context(), telemetry.Config{Service: "test", Output: io.Discard}, telemetry.Exporters{})
	require.NoError(t, err)
	id, err := identity.New()
	require.NoError(t, err)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l = &counted{Listener: plain}
	s := NewServer(id.Server(), tel, KeptAlive()...)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	kept, err = NewKept(l.Addr().String(), id.Client(), tel)
	require.NoError(t, err)
	perCall = NewPerCall(l.Addr().String(), id.Client(), tel)
	t.Cleanup(func() {
		kept.Close()
		perCall.Close()
		s.Stop(context.Background())
		require.NoError(t, <-served)
		require.NoError(t, tel.Stop(context.Background()))
	})
	return kept, perCall, l
}

func TestBothClientsGetTheGrantsOfAllScopes(t *testing.T) {
	kept, perCall, _ := open(t)
	for _, c := range []Client{kept, perCall} {
		got, err := c.Grants(t.Context(), "user-0001", []string{"orders:read", "admin"})
		require.NoError(t, err)
		require.Len(t, got, 2*len(below))
		assert.Equal(t, Grant{"read", "orders"}, got[0])
		assert.Equal(t, Grant{"read", "orders/*"}, got[1])
		assert.Equal(t, Grant{"admin", "users"}, got[len(below)])
		got, err = c.Grants(t.Context(), "user-0001", nil)
		require.NoError(t, err)
		assert.Empty(t, got)
	}
}

func TestOneClientKeepsItsConnectionAndTheOtherDialsForEachCall(t *testing.T) {
	const calls = 20
	kept, perCall, l := open(t)
	for _, c := range []struct {
		client Client
		want   int64
	}{{kept, 1}, {perCall, calls}} {
		before := l.taken.Load()
		for range calls {
			_, err := c.client.Grants(t.Context(), "user-0001", []string{"orders:read"})
			require.NoError(t, err)
		}
		assert.Equal(t, c.want, l.taken.Load()-before)
	}
}

func TestAServerOfAnotherIdentityIsNotAsked(t *testing.T) {
	_, _, l := open(t)
	tel, err := telemetry.New(t.Context(), telemetry.Config{Service: "test", Output: io.Discard}, telemetry.Exporters{})
	require.NoError(t, err)
	defer func() { require.NoError(t, tel.Stop(context.Background())) }()
	other, err := identity.New()
	require.NoError(t, err)
	_, err = NewPerCall(l.Addr().String(), other.Client(), tel).Grants(t.Context(), "user-0001", nil)
	require.ErrorContains(t, err, "certificate")
}

func TestTheTableOfScopesIsBounded(t *testing.T) {
	s := &Server{table: map[string][]*policyv1.Grant{}}
	for i := range maxScopes + 10 {
		require.Len(t, s.of(string(rune(i))+":read"), len(below))
	}
	assert.Len(t, s.table, maxScopes)
}

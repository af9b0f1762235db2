//go:build stack

package e2e

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/stack"
)

// backend is a server that may be stopped and started again where it was. Its
// methods are the test goroutine's.
type backend struct {
	t    *testing.T
	runs *stack.Instance // nil while it is stopped
	last *stack.Instance
}

func startBackend(t *testing.T, s stack.Server) *backend {
	t.Helper()
	b := &backend{t: t}
	b.start(s, stack.Options{Data: t.TempDir(), Progress: os.Stderr})
	t.Cleanup(func() {
		if b.runs != nil {
			b.stop()
		}
	})
	return b
}

func (b *backend) start(s stack.Server, o stack.Options) {
	b.t.Helper()
	i, err := stack.Start(b.t.Context(), s, o)
	require.NoError(b.t, err)
	b.runs, b.last = i, i
}

func (b *backend) stop() {
	b.t.Helper()
	client.CloseIdleConnections() // or Jaeger waits for them
	err := b.runs.Stop(context.Background())
	b.runs = nil
	if err != nil {
		said, _ := os.ReadFile(b.last.Log)
		b.t.Errorf("%v; its log ends with:\n%s", err, said[max(0, len(said)-4000):])
	}
}

func (b *backend) again() {
	b.t.Helper()
	b.start(b.last.Server, b.last.Again())
}

func (b *backend) url(port string) string { return b.last.URL(port) }

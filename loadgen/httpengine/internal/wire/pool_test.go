package wire

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// broken is a connection of which only the first write does anything.
type broken struct {
	net.Conn
	mu    sync.Mutex // guards wrote
	wrote bool
}

func (b *broken) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wrote {
		return 0, net.ErrClosed
	}
	b.wrote = true
	return b.Conn.Write(p)
}

// A kept connection that is dead before a byte was written to it is replaced. What
// was seen of it must not count in the phases of the next attempt, whatever becomes
// of that.
func TestADeadConnectionLeavesNothingToTheNextAttempt(t *testing.T) {
	const tick = 10 * time.Millisecond
	for _, c := range []struct {
		name  string
		opens time.Duration // how long the second dial takes
		err   bool
		conn  time.Duration
	}{
		{"which succeeds", 3 * tick, false, 3 * tick},
		{"which hangs", time.Hour, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var serving sync.WaitGroup
				defer serving.Wait()
				dials := 0
				client := New(Options{
					Clock: time.Now().Add(-time.Second), Timeout: 10 * tick, KeepAlive: true, Idle: 1, MaxBody: 1,
					Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
						if dials++; dials > 1 {
							select {
							case <-time.After(c.opens):
							case <-ctx.Done():
								return nil, ctx.Err()
							}
						}
						here, there := net.Pipe()
						serving.Go(func() { serveFine(there) })
						return &broken{Conn: here}, nil
					},
				})
				defer client.Close()
				r, err := http.NewRequest(http.MethodGet, "http://target.test/", nil)
				require.NoError(t, err)
				ready, err := Prepare(r)
				require.NoError(t, err)
				require.NoError(t, client.Do(&Exchange{Request: ready, Times: Times{Begin: client.now()}}))

				x := &Exchange{Request: ready, Times: Times{Begin: client.now()}}
				begin := x.Begin
				err = client.Do(x)
				assert.Equal(t, c.err, err != nil, "%v", err)
				assert.Equal(t, 2, dials)
				assert.False(t, x.Reused)
				if c.err {
					assert.Equal(t, Times{Begin: begin}, x.Times)
					assert.Equal(t, begin+10*tick, client.now())
				} else {
					at := begin + c.conn
					assert.Equal(t, Times{Begin: begin, Conn: at, Wrote: at, First: at}, x.Times)
				}
			})
		})
	}
}

func serveFine(c net.Conn) {
	defer c.Close()
	b := make([]byte, 4<<10)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

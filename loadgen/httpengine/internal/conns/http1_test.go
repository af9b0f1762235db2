package conns

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
)

// inHTTP1 runs a test over HTTP/1.1, with TLS where HTTP/2 is not offered, and
// without.
func inHTTP1(t *testing.T, test func(b *bed)) {
	inBubbleOf(t, func(b *bed) {
		b.offers = []string{"http/1.1"}
		test(b)
	}, loadgen.ProtocolAuto, loadgen.ProtocolHTTP1)
}

// answer serves request after request of a connection.
func (b *bed) answer(reply func(c net.Conn, n int) bool) {
	b.serve = func(c net.Conn) {
		r := bufio.NewReader(c)
		for n := 0; ; n++ {
			if _, err := http.ReadRequest(r); err != nil || !reply(c, n) {
				return
			}
		}
	}
}

func ok(after time.Duration) func(net.Conn, int) bool {
	return func(c net.Conn, _ int) bool {
		time.Sleep(after)
		_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return err == nil
	}
}

func TestHTTP1WaitsInOrderForAConnection(t *testing.T) {
	inHTTP1(t, func(b *bed) {
		b.options.Most = 2
		b.answer(ok(10 * ms))
		for i, r := range b.burst(10, time.Second) {
			require.NoError(b, r.err)
			assert.Equal(b, time.Duration(i/2)*10*ms, r.wait().Round(ms))
		}
		ever, peak := b.counts()
		assert.Equal(b, 2, ever)
		assert.Equal(b, 2, peak)
	})
}

func TestHTTP1KeepsSoManyConnectionsForSoLong(t *testing.T) {
	inHTTP1(t, func(b *bed) {
		b.options.Idle, b.options.IdleTimeout = 3, time.Minute
		b.answer(ok(10 * ms))
		burst := func(n, reused int) {
			again := 0
			for _, r := range b.burst(n, time.Second) {
				require.NoError(b, r.err)
				assert.Zero(b, r.wait())
				if r.x.Reused {
					again++
				}
			}
			assert.Equal(b, reused, again)
		}
		burst(10, 0)
		burst(10, 3)
		time.Sleep(59 * time.Second)
		burst(2, 2)
		time.Sleep(2 * time.Second)
		burst(3, 2)
		time.Sleep(time.Hour)
		burst(3, 0)
	})
}

// A kept connection that the target closes takes no request with it that was not
// written, and one that was is not sent again.
func TestHTTP1SendsAgainOnlyWhatWasNotWritten(t *testing.T) {
	inHTTP1(t, func(b *bed) {
		b.options.Most = 1
		requests := 0
		b.answer(func(c net.Conn, n int) bool {
			requests++
			return n == 0 && ok(0)(c, n)
		})
		for i := range 4 {
			r := b.within(time.Second)
			synctest.Wait()
			if i%2 == 0 {
				require.NoError(b, r.err)
				continue
			}
			assert.Error(b, r.err)
			assert.True(b, r.x.Reused)
		}
		assert.Equal(b, 4, requests)
	})
}

// Before it is known that the target speaks HTTP/2, each request dials. Then one
// connection is enough.
func TestConnectionsThatTurnOutToBeTooManyAreClosed(t *testing.T) {
	inBubbleOf(t, func(b *bed) {
		b.slow = 5 * ms
		b.handle(100, takes(20*ms))
		for _, r := range b.burst(50, time.Second) {
			require.NoError(b, r.err)
			assert.Less(b, r.wait(), 6*ms)
		}
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		assert.LessOrEqual(b, b.open, 2)
	}, loadgen.ProtocolAuto)
}

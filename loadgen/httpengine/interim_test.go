package httpengine

import (
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
)

// The time to the first byte once ended with an interim response: of a target that
// hints at once and answers later, wait was nothing and read was all.
func TestTheFirstByteIsTheFinalResponses(t *testing.T) {
	const tick = 10 * time.Millisecond
	type step struct {
		after  time.Duration
		status int // of an interim response
	}
	for _, c := range []struct {
		name  string
		steps []step
		wait  time.Duration
	}{
		{"none", nil, 3 * tick},
		{"early hints", []step{{tick, 103}}, 4 * tick},
		{"early hints at once", []step{{0, 103}}, 3 * tick},
		{"several", []step{{tick, 102}, {tick, 103}, {tick, 102}}, 6 * tick},
		{"a needless continue", []step{{tick, 100}}, 4 * tick},
	} {
		t.Run(c.name, func(t *testing.T) {
			test := func(t *testing.T, rig *rig) {
				r := rig.send(0)
				assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
				assert.Equal(t, 200, r.Status)
				assert.Equal(t, c.wait, r.Phases.Wait)
				assert.Equal(t, 2*tick, r.Phases.Read)
				assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
			}
			a := attackOn("http://target.test/")
			bothRigsInABubble(t, a, &bubbled{reply: func(conn net.Conn, _ int) bool {
				for _, s := range c.steps {
					time.Sleep(s.after)
					io.WriteString(conn, "HTTP/1.1 "+strconv.Itoa(s.status)+" x\r\nLink: </a>\r\n\r\n")
				}
				time.Sleep(3 * tick)
				io.WriteString(conn, ok+"Content-Length: 2\r\n\r\no")
				time.Sleep(2 * tick)
				io.WriteString(conn, "k")
				return true
			}}, test)
			a.HTTP.Protocol = loadgen.ProtocolH2C
			t.Run("HTTP/2", func(t *testing.T) {
				inABubble(t, a, false, &bubbled{h2c: func(conn *byHand, stream uint32) {
					for _, s := range c.steps {
						time.Sleep(s.after)
						conn.head(stream, strconv.Itoa(s.status), false)
					}
					time.Sleep(3 * tick)
					conn.head(stream, "200", false)
					conn.data(stream, "o", false)
					time.Sleep(2 * tick)
					conn.data(stream, "k", true)
				}}, test)
			})
		})
	}
}

// Of a response that never came there is no first byte.
func TestAnInterimResponseIsNoAnswer(t *testing.T) {
	const tick = 10 * time.Millisecond
	for _, kind := range []loadgen.ErrorKind{loadgen.ErrorClosed, loadgen.ErrorTimeout} {
		a := attackOn("http://target.test/")
		a.HTTP.Timeout = 5 * tick
		bothRigsInABubble(t, a, &bubbled{reply: func(conn net.Conn, _ int) bool {
			time.Sleep(tick)
			io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\n\r\n")
			time.Sleep(2 * tick)
			return kind == loadgen.ErrorTimeout
		}}, func(t *testing.T, rig *rig) {
			r := rig.send(0)
			assert.Equal(t, kind, r.Error, r.ErrorText)
			assert.Zero(t, r.Status)
			assert.Equal(t, r.ServiceTime(), r.Phases.Wait)
			if kind == loadgen.ErrorClosed {
				assert.Equal(t, "the target closed the connection without a response: EOF", r.ErrorText)
			}
		})
	}
}

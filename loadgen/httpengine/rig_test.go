package httpengine

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// rig is a transport without the engine around it, over connections that are opened
// by hand.
type rig struct {
	setup    *runner.Setup
	requests []*request
	transport
}

// bothRigs runs a test over both transports.
func bothRigs(t *testing.T, a loadgen.Attack, d dial, test func(t *testing.T, r *rig)) {
	t.Run("direct", func(t *testing.T) {
		r := newRig(t, a)
		tr, err := newDirectOver(r.setup, nil, r.requests, d)
		require.NoError(t, err)
		r.test(t, tr, test)
	})
	t.Run("standard", func(t *testing.T) {
		r := newRig(t, a)
		tr := newStandard(r.setup, nil)
		tr.http.DialContext = tapped(d)
		r.test(t, tr, test)
	})
}

// bothRigsInABubble is bothRigs in the time of a synctest bubble, over its network.
func bothRigsInABubble(t *testing.T, a loadgen.Attack, s *bubbled, test func(t *testing.T, r *rig)) {
	for _, which := range []string{"direct", "standard"} {
		t.Run(which, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, a)
				n := &bubbled{opens: s.opens, reply: s.reply} // what waits belongs to its bubble
				defer n.serving.Wait()
				if which == "direct" {
					tr, err := newDirectOver(r.setup, nil, r.requests, n.dial)
					require.NoError(t, err)
					r.test(t, tr, test)
					return
				}
				tr := newStandard(r.setup, nil)
				tr.http.DialContext = tapped(n.dial)
				r.test(t, tr, test)
			})
		})
	}
}

func newRig(t require.TestingT, a loadgen.Attack) *rig {
	requests, err := readRequests(a.HTTP, "")
	require.NoError(t, err)
	return &rig{setup: &runner.Setup{Attack: a, Clock: time.Now().Add(-time.Hour), Run: loadgen.NewRunID()}, requests: requests}
}

func (r *rig) test(t *testing.T, tr transport, test func(t *testing.T, r *rig)) {
	r.transport = tr
	defer r.close()
	test(t, r)
}

// fly sends a request that began a while ago.
func (r *rig) fly(ago time.Duration) loadgen.Record {
	f := &flight{setup: r.setup, request: r.requests[0]}
	f.record.Target = &f.request.target
	f.fly(r.transport, f.now()-ago)
	return f.record
}

// bubbled is the network of a bubble: net.Dialer and a server.
type bubbled struct {
	opens   time.Duration                // how long a dial takes
	reply   func(c net.Conn, n int) bool // answers request n of a connection, until false
	serving sync.WaitGroup
}

func (s *bubbled) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.serving.Add(1)
	defer s.serving.Done()
	trace := httptrace.ContextClientTrace(ctx)
	trace.ConnectStart(network, address)
	opened := time.NewTimer(s.opens)
	defer opened.Stop()
	select {
	case <-opened.C:
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
	here, there := net.Pipe()
	s.serving.Go(func() {
		defer there.Close()
		r := bufio.NewReader(there)
		for n := 0; ; n++ {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			if !s.reply(there, n) {
				return
			}
		}
	})
	if trace.ConnectDone != nil {
		trace.ConnectDone(network, address, nil)
	}
	return here, nil
}

// mute reads and never answers.
func mute(c net.Conn) bool {
	io.Copy(io.Discard, c)
	return false
}

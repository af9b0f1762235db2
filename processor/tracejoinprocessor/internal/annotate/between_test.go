package annotate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clock"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

var (
	proxy   = &join.Resource{Service: "proxy", Instance: "p"}
	sidecar = &join.Resource{Service: "sidecar", Instance: "auth-1"}
)

// What stands between a client and a server. The client span is 1, and took 100 ms;
// times are by the clock of whoever the span is from. A backend whose clock was 50 ms
// behind once counted as the one that answered.
func TestWhoAnsweredIsToldByParentsAndDurations(t *testing.T) {
	for _, c := range []struct {
		name       string
		servers    []join.Server
		answered   byte
		resolution string
		took       time.Duration
	}{
		{"nothing between", []join.Server{
			server(2, 1, auth, 10*ms, 90*ms), server(4, 3, store, 20*ms, 40*ms),
		}, 2, annotate.ByChild, 80 * ms},
		{"a backend 50 ms behind", []join.Server{
			server(4, 3, store, -30*ms, -10*ms), server(2, 1, auth, 10*ms, 90*ms),
		}, 2, annotate.ByChild, 80 * ms},
		{"a proxy that passes headers on", []join.Server{
			server(4, 3, store, -30*ms, -10*ms), server(2, 1, auth, 15*ms, 85*ms),
		}, 2, annotate.ByChild, 70 * ms},
		{"a proxy with spans of its own", []join.Server{
			server(4, 3, auth, -30*ms, 30*ms), server(2, 1, proxy, 10*ms, 90*ms),
		}, 2, annotate.ByChild, 80 * ms},
		{"a proxy whose spans are sent elsewhere, and a backend 50 ms behind", []join.Server{
			server(8, 7, auth, 10*ms, 90*ms), server(10, 9, store, -30*ms, -10*ms),
		}, 8, annotate.ByTrace, 80 * ms},
		{"the same, and the backend ahead", []join.Server{
			server(10, 9, store, time.Hour, time.Hour+20*ms), server(8, 7, auth, 10*ms, 90*ms),
		}, 8, annotate.ByTrace, 80 * ms},
		{"the same, and a span that ends late", []join.Server{
			server(8, 7, auth, 10*ms, 111*ms), server(10, 9, store, -30*ms, -10*ms),
		}, 8, annotate.ByTrace, 101 * ms},
		{"a gateway that is not seen, and a mesh's sidecar that is the parent", []join.Server{
			server(4, 2, auth, -30*ms, 55*ms), server(2, 9, sidecar, 10*ms, 90*ms), server(6, 5, store, 0, 20*ms),
		}, 2, annotate.ByTrace, 80 * ms},
		{"the same, where the server ends after its sidecar", []join.Server{
			server(4, 2, auth, -30*ms, 65*ms), server(2, 9, sidecar, 10*ms, 90*ms),
		}, 2, annotate.ByTrace, 80 * ms},
		{"a backend that goes on after the answer", []join.Server{
			server(8, 7, auth, 10*ms, 95*ms), server(10, 9, store, -30*ms, 10*time.Second),
		}, 8, annotate.ByTrace, 85 * ms},
		{"parents in a circle", []join.Server{
			server(2, 3, store, -30*ms, -10*ms), server(3, 2, auth, 10*ms, 90*ms),
		}, 3, annotate.ByTrace, 80 * ms},
		{"a span that is its own parent", []join.Server{
			server(2, 2, auth, 10*ms, 90*ms), server(4, 2, store, -30*ms, -10*ms),
		}, 2, annotate.ByTrace, 80 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := match(joined(client(ptrace.NewTraces()), c.servers...), now, 0)
			assert.Equal(t, id(c.answered), r.Server.ID)
			assert.Equal(t, c.resolution, r.Server.Resolution)
			assert.Equal(t, c.took, r.Server.Duration)
			assert.Len(t, r.Others, len(c.servers)-1)
			_, ok := r.Pair()
			assert.Equal(t, c.resolution == annotate.ByChild, ok, "what others were within says nothing of the clock")
		})
	}
}

func TestOfATraceWithSeveralClientsNoServerIsTakenButAChild(t *testing.T) {
	j := joined(client(ptrace.NewTraces()), server(8, 7, auth, 10*ms, 60*ms))
	j.Alone = false
	assert.Empty(t, match(j, now, 0).Server.Resolution, "it may be the other client's")
}

// A proxy without spans of its own that tries again elsewhere: the second host, whose
// clock is a second behind, answered.
func TestWhichOfSeveralHostsAnsweredIsToldByTheirClocks(t *testing.T) {
	second := &join.Resource{Service: "auth", Instance: "b"}
	attempts := []join.Server{server(2, 1, auth, 10*ms, 60*ms), server(3, 1, second, -935*ms, -905*ms)}
	clocks := map[string]clock.Estimate{"a": {}, "b": {Offset: -time.Second}}
	for _, c := range []struct {
		name     string
		known    []string
		answered byte
		took     time.Duration
	}{
		{"both are known", []string{"a", "b"}, 3, 80 * ms},
		{"one is not, so that the longer one counts", []string{"a"}, 2, 80 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := match(joined(client(ptrace.NewTraces()), attempts...), now, 0)
			r.Order(func(of *join.Resource, _ time.Time) (clock.Estimate, bool) {
				for _, known := range c.known {
					if known == of.Instance {
						return clocks[known], true
					}
				}
				return clock.Estimate{}, false
			})
			assert.Equal(t, id(c.answered), r.Server.ID)
			assert.Equal(t, c.took, r.Server.Duration)
			assert.Equal(t, 2, r.Server.Spans)
			assert.Equal(t, annotate.ByChild, r.Server.Resolution)
			assert.Equal(t, at(attempts[c.answered-2].Began.AsTime().Sub(epoch)), r.Server.Began, "its own time")
		})
	}
	sum := []join.Server{server(2, 1, auth, 0, 90*ms), server(3, 1, second, 0, 80*ms)}
	r := match(joined(client(ptrace.NewTraces()), sum...), now, 0)
	r.Order(func(*join.Resource, time.Time) (e clock.Estimate, ok bool) { return e, false })
	require.Equal(t, 100*ms, r.Server.Duration, "no more than the client waited")
}

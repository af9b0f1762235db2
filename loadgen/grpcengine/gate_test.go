package grpcengine

import (
	"context"
	"testing"

	"github.com/bojand/ghz/load"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// The pacer once gave a request for which no worker was free, when the gate knew of the stop a
// moment before it. At its end the run then waited for ever.
func TestAGateThatIsStoppedTakesNoRequestWithoutAWorker(t *testing.T) {
	schedule, err := pace.New([]pace.Stage{{Constant: 1000, Count: 10}})
	require.NoError(t, err)
	p := pace.NewPacer(t.Context(), schedule, pace.Options{}) // which knows of no stop
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	g := gate{
		pacer: p, grown: make(chan load.TickValue, 1), free: make(chan struct{}, 1), total: 1, begin: 1, stop: stop, cut: stop,
		expire: func() {}, close: func() {}, shut: func() {}, hangUp: func() {}, broken: func() bool { return false },
	}
	_, over := g.Pace(0, 0)
	assert.True(t, over)
	assert.Zero(t, p.Given())
	assert.Equal(t, pace.Stopped, p.End())
}

// ghz once waited for ten seconds for a channel that it had closed itself, since it had
// missed the change of its state.
func TestChannelsAreClosedBeforeGhzClosesThem(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, calls := range map[string]struct {
		underWay int
		want     []string
	}{
		"no call under way": {0, []string{"shut", "hang up"}},
		"a call is cut off": {1, []string{"shut", "hang up", "close"}},
	} {
		t.Run(name, func(t *testing.T) {
			var did []string
			note := func(what string) func() { return func() { did = append(did, what) } }
			g := gate{total: calls.underWay, cut: over, shut: note("shut"), hangUp: note("hang up"), close: note("close")}
			g.drain()
			assert.Equal(t, calls.want, did)
		})
	}
}

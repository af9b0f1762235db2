package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
)

const ms = time.Millisecond

func ours() ledger.Request {
	r := ledger.Request{Response: 100 * ms, Lag: 10 * ms, Wait: 50 * ms}
	r.Phases[ledger.Connection] = 5 * ms
	r.Phases[ledger.Write] = 3 * ms
	r.Phases[ledger.Read] = 30 * ms
	return r
}

func TestTheWaitIsSplitIntoNetworkAndServer(t *testing.T) {
	r := ours()
	r.Server, r.Answered = 40*ms, true
	l := ledger.Of(r)
	assert.Equal(t, 10*ms, l[ledger.Network])
	assert.Equal(t, 40*ms, l[ledger.Server])
	assert.Equal(t, 30*ms, l[ledger.Read])
	assert.Equal(t, 2*ms, l[ledger.Unexplained])
}

func TestAServerThatStillWritesTakesFromTheRead(t *testing.T) {
	r := ours()
	r.Server, r.Answered = 70*ms, true
	l := ledger.Of(r)
	assert.Zero(t, l[ledger.Network])
	assert.Equal(t, 70*ms, l[ledger.Server])
	assert.Equal(t, 10*ms, l[ledger.Read])
	assert.Equal(t, 2*ms, l[ledger.Unexplained])
}

func TestWorkThatTheClientDidNotWaitForIsInNoComponent(t *testing.T) {
	r := ours()
	r.Server, r.Answered = time.Hour, true
	l := ledger.Of(r)
	assert.Equal(t, 80*ms, l[ledger.Server])
	assert.Zero(t, l[ledger.Read])
	assert.Equal(t, 2*ms, l[ledger.Unexplained])
}

func TestWhatNobodyToldIsUnexplained(t *testing.T) {
	r := ours()
	l := ledger.Of(r)
	assert.Equal(t, 52*ms, l[ledger.Unexplained], "the wait without a server span")
	foreign := ledger.Of(ledger.Request{Response: 20 * ms, Server: 15 * ms, Answered: true})
	assert.Equal(t, 15*ms, foreign[ledger.Server])
	assert.Equal(t, 5*ms, foreign[ledger.Unexplained])
}

func TestTheComponentsSumToTheTotalAndNoneIsNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := func(name string) time.Duration { return time.Duration(rapid.Int64Range(0, 1e10).Draw(t, name)) }
		r := ledger.Request{Lag: d("lag"), Wait: d("wait"), Server: d("server"), Answered: rapid.Bool().Draw(t, "answered")}
		service := r.Wait
		for _, p := range []ledger.Component{ledger.Connection, ledger.DNS, ledger.Connect, ledger.TLS, ledger.Write, ledger.Read} {
			r.Phases[p] = d(p.String())
			service += r.Phases[p]
		}
		r.Response = r.Lag + service + d("own")
		var sum time.Duration
		for p, component := range ledger.Of(r) {
			assert.GreaterOrEqual(t, component, time.Duration(0), ledger.Component(p).String())
			sum += component
		}
		assert.Equal(t, r.Response, sum)
	})
}

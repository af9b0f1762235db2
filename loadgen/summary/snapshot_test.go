package summary

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func TestASnapshotsRatesAndQuantilesAreOverTheIntervalAlone(t *testing.T) {
	a := New(plan("auth"), runID, began)
	add := func(n int, service time.Duration) {
		for i := range n {
			r := sent(0, uint64(i), 0, 0, service)
			a.Add(&r)
		}
	}
	accounts := []runner.Account{{
		Planned: 1000, Exact: true, Given: 320, Recorded: 300, RateWanted: 100, Total: 10 * time.Second, Begun: true,
		Stages: []pace.Progress{{Open: true, Begun: true, Given: 200}},
	}}
	add(200, time.Millisecond)
	first := a.Snapshot(began.Add(2*time.Second), accounts)
	assert.Equal(t, 100.0, first.RateAchieved)
	assert.InEpsilon(t, time.Millisecond, first.P99, bound)

	add(50, time.Second)
	accounts[0].Stages[0].Given = 250
	second := a.Snapshot(began.Add(3*time.Second), accounts)
	assert.Equal(t, 50.0, second.RateAchieved)
	assert.InEpsilon(t, time.Second, second.P50, bound, "the fast ones were of the interval before")
	assert.Equal(t, uint64(250), second.Sent)
	assert.Equal(t, uint64(20), second.InFlight)
	assert.Equal(t, uint64(1000), second.Planned)
	assert.Equal(t, 10*time.Second, second.Total)
	assert.Equal(t, 3*time.Second, second.Elapsed)
	assert.Equal(t, 100.0, second.RateWanted)

	third := a.Snapshot(began.Add(4*time.Second), accounts)
	assert.Zero(t, third.RateAchieved)
	assert.Zero(t, third.P99)
}

func TestASnapshotTellsFailuresFromBadStatuses(t *testing.T) {
	a := New(plan("auth"), runID, began)
	bad := sent(0, 0, 0, 0, time.Millisecond)
	bad.Status = 503
	broken := failed(sent(0, 1, 0, 0, time.Millisecond), loadgen.ErrorReset, "reset")
	unsent := loadgen.Record{Outcome: loadgen.NotSent, NotSent: loadgen.NotSentLate}
	for _, r := range []loadgen.Record{bad, broken, unsent} {
		a.Add(&r)
	}
	s := a.Snapshot(began.Add(time.Second), nil)
	assert.Equal(t, uint64(2), s.Sent)
	assert.Equal(t, uint64(1), s.Failed)
	assert.Equal(t, uint64(1), s.BadStatus)
}

func TestWhatIsPlannedIsUnknownWhileAClosedLoopIsUnderWay(t *testing.T) {
	a := New(plan("auth", "browse"), runID, began)
	s := a.Snapshot(began.Add(time.Second), []runner.Account{
		{Planned: 100, Exact: true, Total: time.Second}, {Planned: 5, Given: 5, Recorded: 9},
	})
	assert.Zero(t, s.Planned)
	assert.Zero(t, s.Total)
	assert.Zero(t, s.InFlight, "counts read at different moments may cross")
}

func TestTheStageNamesTheAttacksUnderWay(t *testing.T) {
	p := plan("auth", "browse", "pay", "done")
	p.Attacks[0].Load = []pace.Stage{{Name: "warm-up"}, {Name: "steady"}}
	p.Attacks[1].Load = []pace.Stage{{}, {}, {}}
	s := New(p, runID, began).Snapshot(began, []runner.Account{
		{Begun: true, Stage: 1}, {Begun: true, Stage: 1}, {Begun: true}, {Begun: true, Ended: true},
	})
	assert.Equal(t, "auth: steady, browse: stage 2 of 3, pay", s.Stage)
}

package runner_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func loop(count uint64) []pace.Stage {
	return []pace.Stage{{Max: &pace.Max{Workers: 1}, Count: count}}
}

func waiting() []pace.Stage { return []pace.Stage{{Constant: 0.001, Count: 5}} }

// start makes a run over fakes, and collects its events as text.
func start(t *testing.T, plan *loadgen.Plan, fakes []*loadgentest.Fake) (*runner.Run, *[]string) {
	var events []string
	run, err := runner.New(plan, runner.Options{
		ID: loadgen.RunID{1},
		Open: func(s runner.Setup) (loadgen.Engine, error) {
			fakes[s.Index].Setup = s
			return fakes[s.Index], nil
		},
		Sink: func(*loadgen.Record) {},
		Event: func(e runner.Event) {
			events = append(events, fmt.Sprintf("%s %d %d", e.Kind, e.Attack, e.Stage))
		},
	})
	require.NoError(t, err)
	return run, &events
}

func TestAttacksInSequenceFollowEachOther(t *testing.T) {
	fakes := []*loadgentest.Fake{{}, {}}
	run, events := start(t, &loadgen.Plan{Order: loadgen.Sequence, Attacks: []loadgen.Attack{
		{Name: "a", Load: append(loop(3), loop(2)...)}, {Name: "b", Load: loop(4)},
	}}, fakes)
	require.NoError(t, run.Do(t.Context()))

	assert.Equal(t, []string{
		"run.start -1 -1",
		"attack.start 0 -1", "stage.start 0 0", "stage.start 0 1", "attack.stop 0 -1",
		"attack.start 1 -1", "stage.start 1 0", "attack.stop 1 -1",
	}, *events)
	accounts := run.Accounts()
	assert.EqualValues(t, 5, accounts[0].Recorded)
	assert.EqualValues(t, 4, accounts[1].Recorded)
	assert.Zero(t, accounts[0].Unsent+accounts[1].Unsent)
	assert.False(t, run.Stopped())
	assert.Equal(t, 1, fakes[0].Closed)
	assert.Equal(t, 1, fakes[1].Closed)
}

func TestAttacksSideBySideShareTheirZero(t *testing.T) {
	fakes := []*loadgentest.Fake{{}, {}}
	run, events := start(t, &loadgen.Plan{Order: loadgen.Parallel, Attacks: []loadgen.Attack{
		{Name: "a", Load: loop(1000)}, {Name: "b", Load: loop(1000)},
	}}, fakes)
	require.NoError(t, run.Do(t.Context()))
	assert.Len(t, *events, 1+2*3)
	for _, a := range run.Accounts() {
		assert.EqualValues(t, 1000, a.Recorded)
		assert.True(t, a.Ended)
	}
}

func TestAnAttackWhoseTurnNeverCameIsUnsentInWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fakes := []*loadgentest.Fake{{}, {}}
		run, _ := start(t, &loadgen.Plan{Order: loadgen.Sequence, Attacks: []loadgen.Attack{
			{Name: "a", Load: waiting()}, {Name: "b", Load: loop(7)},
		}}, fakes)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.NoError(t, run.Do(ctx))

		accounts := run.Accounts()
		assert.True(t, run.Stopped())
		assert.EqualValues(t, 5, accounts[0].Planned)
		assert.EqualValues(t, 4, accounts[0].Unsent, "the first request is due at once")
		assert.EqualValues(t, 7, accounts[1].Unsent)
		assert.Equal(t, loadgen.NotSentStopped, accounts[1].UnsentReason)
	})
}

// The last request may be out when the stop comes: what is cut off then was not
// run either.
func TestARunWhoseLastRequestsWereCutOffWasStopped(t *testing.T) {
	run, _ := start(t, &loadgen.Plan{Attacks: []loadgen.Attack{{Name: "a", Load: loop(3)}}}, []*loadgentest.Fake{{Cut: true}})
	require.NoError(t, run.Do(t.Context()))
	assert.True(t, run.Stopped())
}

func TestTheLimitOfTimeStopsARunInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run, _ := start(t, &loadgen.Plan{
			Attacks: []loadgen.Attack{{Name: "a", Load: waiting()}},
			Limits:  loadgen.Limits{MaxDuration: 30 * time.Millisecond},
		}, []*loadgentest.Fake{{}})
		require.NoError(t, run.Do(t.Context()))
		assert.True(t, run.Stopped())
		assert.Equal(t, runner.ErrMaxDuration, run.Cause())
	})
}

func TestAStopKeepsItsCause(t *testing.T) {
	why := errors.New("enough")
	for _, stop := range []bool{true, false} {
		run, _ := start(t, &loadgen.Plan{Attacks: []loadgen.Attack{{Name: "a", Load: loop(3)}}}, []*loadgentest.Fake{{}})
		ctx, cancel := context.WithCancelCause(t.Context())
		if stop {
			cancel(why)
		}
		require.NoError(t, run.Do(ctx))
		cancel(nil)
		if stop {
			assert.Equal(t, why, run.Cause())
		} else {
			assert.NoError(t, run.Cause())
		}
	}
}

func TestAnEngineThatGivesUpEndsTheRunAndIsNamed(t *testing.T) {
	broken := errors.New("out of luck")
	run, _ := start(t, &loadgen.Plan{Order: loadgen.Parallel, Attacks: []loadgen.Attack{
		{Name: "good", Load: waiting()}, {Name: "bad", Load: loop(10)},
	}}, []*loadgentest.Fake{{}, {FailAfter: 3, Err: broken}})
	err := run.Do(t.Context())
	require.ErrorIs(t, err, broken)
	assert.Contains(t, err.Error(), "attack bad")
	accounts := run.Accounts()
	assert.EqualValues(t, 3, accounts[1].Recorded)
	assert.EqualValues(t, 7, accounts[1].Unsent)
	assert.Equal(t, loadgen.NotSentError, accounts[1].UnsentReason)
}

func TestFaultsOfAPlanNameTheirAttack(t *testing.T) {
	plan := &loadgen.Plan{Attacks: []loadgen.Attack{{Name: "a", Load: loop(1)}, {Name: "b"}, {Name: "c", Load: loop(1)}}}
	fake := &loadgentest.Fake{}
	_, err := runner.New(plan, runner.Options{Open: func(s runner.Setup) (loadgen.Engine, error) {
		if s.Index == 2 {
			return nil, errors.Join(&pace.KeyError{Key: "http.body_file", What: "no such file"}, &pace.KeyError{Key: "http.url", What: "bad"})
		}
		return fake, nil
	}})
	require.Error(t, err)
	for _, want := range []string{"attacks[1].load", "attacks[2].http.body_file: no such file", "attacks[2].http.url: bad"} {
		assert.Contains(t, err.Error(), want)
	}
	assert.Equal(t, 1, fake.Closed, "engines that did open are closed")
}

func TestTheOpeningOfAPlanEndsWithItsContext(t *testing.T) {
	plan := &loadgen.Plan{Attacks: []loadgen.Attack{{Name: "a", Load: loop(1)}, {Name: "b", Load: loop(1)}, {Name: "c", Load: loop(1)}}}
	enough := errors.New("enough")
	opening, end := context.WithCancelCause(t.Context())
	fake := &loadgentest.Fake{}
	_, err := runner.New(plan, runner.Options{Opening: opening, Open: func(s runner.Setup) (loadgen.Engine, error) {
		if s.Index == 0 {
			return fake, nil
		}
		require.Equal(t, 1, s.Index, "the rest is not opened")
		end(enough)
		<-s.Context().Done()
		return nil, &pace.KeyError{Key: "grpc.target", What: "does not answer", Fix: "start it"}
	}})
	assert.Equal(t, "enough", err.Error(), "not what follows from that")
	assert.Equal(t, 1, fake.Closed, "engines that did open are closed")
	assert.NotNil(t, (&runner.Setup{}).Context(), "of an engine that is opened by itself")
}

func TestAccountsSayWhatIsAttacked(t *testing.T) {
	run, _ := start(t, &loadgen.Plan{Attacks: []loadgen.Attack{
		{Name: "a", Load: loop(1), HTTP: &loadgen.HTTP{Method: "GET", URL: "http://h/"}},
		{Name: "b", Load: loop(1), HTTP: &loadgen.HTTP{Targets: &loadgen.Targets{File: "/plans/targets.http"}}},
		{Name: "c", Load: loop(1), GRPC: &loadgen.GRPC{Target: "h:9090", Method: "auth.v1.Auth/Validate"}},
	}}, []*loadgentest.Fake{{}, {}, {}})
	var targets []string
	for _, a := range run.Accounts() {
		targets = append(targets, a.Target)
	}
	assert.Equal(t, []string{"GET http://h/", "targets of targets.http", "grpc h:9090 auth.v1.Auth/Validate"}, targets)
	require.NoError(t, run.Do(t.Context()))
}

func TestTheSpeedOfAnAttackCanBeChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fakes := []*loadgentest.Fake{{}, {}}
		run, events := start(t, &loadgen.Plan{Order: loadgen.Parallel, Attacks: []loadgen.Attack{
			{Name: "a", Load: []pace.Stage{{Constant: 100, Count: 100}}}, {Name: "b", Load: []pace.Stage{{Constant: 100, Count: 100}}},
		}}, fakes)
		require.NoError(t, run.SetSpeed("a", 0), "an attack may begin paused")
		time.AfterFunc(300*time.Millisecond, func() { assert.NoError(t, run.SetSpeed("", 20)) })
		require.NoError(t, run.Do(t.Context()))

		accounts := run.Accounts()
		assert.EqualValues(t, 100, accounts[0].Recorded)
		assert.EqualValues(t, 100, accounts[1].Recorded)
		assert.InDelta(t, 0.35, accounts[0].Total.Seconds(), 0.01, "the pause, and a second at twenty times the speed")
		assert.InDelta(t, 0.335, accounts[1].Total.Seconds(), 0.01, "0.3 s, and 0.7 s at twenty times the speed")
		assert.Contains(t, *events, "attack.speed 0 -1")
		assert.Contains(t, *events, "attack.speed 1 -1")

		assert.ErrorContains(t, run.SetSpeed("c", 1), `no attack "c"`)
		assert.ErrorContains(t, run.SetSpeed("a", -1), "give 0 to pause")
	})
}

func TestAnAccountKnowsHowFarItsScheduleIsAtItsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fakes := []*loadgentest.Fake{{}}
		run, _ := start(t, &loadgen.Plan{Attacks: []loadgen.Attack{
			{Name: "a", Load: []pace.Stage{{Constant: 100, Count: 100}}},
		}}, fakes)
		require.NoError(t, run.SetSpeed("a", 10))
		require.NoError(t, run.Do(t.Context()))
		account := run.Accounts()[0]
		require.Len(t, account.Stages, 1)
		assert.InDelta(t, 0.1, account.Stages[0].Planned.Sub(account.Begin).Seconds(), 0.01)
		assert.InDelta(t, 0.1, account.Length.Seconds(), 0.01)
	})
}

// What an attack never began, or another never went on with, after an engine had
// failed was told as if the run had been stopped.
func TestWhatIsNotSentAfterAnEnginesErrorIsTheErrors(t *testing.T) {
	broken := errors.New("out of luck")
	for _, order := range []loadgen.Order{loadgen.Sequence, loadgen.Parallel} {
		for _, stoppedBefore := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stopped before %v", order, stoppedBefore), func(t *testing.T) {
				run, _ := start(t, &loadgen.Plan{Order: order, Attacks: []loadgen.Attack{
					{Name: "bad", Load: append(loop(10), loop(5)...)}, {Name: "next", Load: waiting()},
				}}, []*loadgentest.Fake{{FailAfter: 3, Err: broken}, {}})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				want := loadgen.NotSentError
				if stoppedBefore {
					want = loadgen.NotSentStopped
					cancel()
				}
				err := run.Do(ctx)
				accounts := run.Accounts()
				if stoppedBefore {
					assert.EqualValues(t, 5, accounts[1].Unsent)
				} else {
					require.ErrorIs(t, err, broken)
					assert.EqualValues(t, 12, accounts[0].Unsent)
					assert.Equal(t, loadgen.NotSentError, accounts[0].UnsentReason)
					assert.Equal(t, []uint64{7, 5}, []uint64{accounts[0].UnsentIn(0), accounts[0].UnsentIn(1)})
				}
				assert.Equal(t, want, accounts[1].UnsentReason)
				assert.Equal(t, accounts[1].Unsent, accounts[1].UnsentIn(0))
			})
		}
	}
}

// A record of a request that an engine turned away in the meantime tells the same.
func TestARequestThatWasTurnedAwayAfterAnEnginesErrorIsTheErrors(t *testing.T) {
	var reasons []loadgen.NotSentReason
	engines := []loadgen.Engine{&loadgentest.Fake{FailAfter: 1, Err: errors.New("out of luck")}, turnsAway{}}
	run, err := runner.New(&loadgen.Plan{Attacks: []loadgen.Attack{{Name: "bad", Load: loop(9)}, {Name: "b", Load: loop(1)}}},
		runner.Options{
			Open: func(s runner.Setup) (loadgen.Engine, error) { return engines[s.Index], nil },
			Sink: func(r *loadgen.Record) {
				if r.Outcome == loadgen.NotSent {
					reasons = append(reasons, r.NotSent)
				}
			},
		})
	require.NoError(t, err)
	require.Error(t, run.Do(t.Context()))
	assert.Equal(t, []loadgen.NotSentReason{loadgen.NotSentError}, reasons)
}

// turnsAway is an engine that sends its request only when the run is stopped, and then not.
type turnsAway struct{}

func (turnsAway) Run(ctx context.Context, p *pace.Pacer, sink loadgen.Sink) error {
	p.Pace(0, 0)
	<-ctx.Done()
	sink(&loadgen.Record{Attack: 1, Outcome: loadgen.NotSent, NotSent: loadgen.NotSentStopped})
	return nil
}

func (turnsAway) Close() error { return nil }

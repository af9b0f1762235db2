package summary

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

var (
	began  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	runID  = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}
	target = &loadgen.Target{Method: "GET", URL: "http://127.0.0.1:8080/auth"}
)

func plan(attacks ...string) *loadgen.Plan {
	p := &loadgen.Plan{Name: "checkout", Order: loadgen.Parallel}
	for _, name := range attacks {
		p.Attacks = append(p.Attacks, loadgen.Attack{Name: name, Load: []pace.Stage{{Constant: 100}}})
	}
	return p
}

// sent is a record of a request that was due offset after the beginning, was
// sent lag later and took service.
func sent(attack int, seq uint64, offset, lag, service time.Duration) loadgen.Record {
	r := loadgen.Record{
		Attack: attack, Seq: seq, Open: true,
		TraceID: runID.TraceID(attack, seq), SpanID: runID.SpanID(attack, seq),
		Intended: began.Add(offset), Target: target, Status: 200,
	}
	r.Sent = r.Intended.Add(lag)
	r.Done = r.Sent.Add(service)
	return r
}

func failed(r loadgen.Record, kind loadgen.ErrorKind, text string) loadgen.Record {
	r.Outcome, r.Error, r.ErrorText, r.Status = loadgen.Failed, kind, text, 0
	return r
}

func anyRecord(attacks int) *rapid.Generator[loadgen.Record] {
	return rapid.Custom(func(t *rapid.T) loadgen.Record {
		r := sent(rapid.IntRange(0, attacks-1).Draw(t, "attack"), rapid.Uint64Range(0, 1e6).Draw(t, "seq"),
			time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "offset")),
			time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "lag")),
			time.Duration(rapid.Int64Range(0, 1e10).Draw(t, "service")))
		r.Open = rapid.Bool().Draw(t, "open")
		r.Reused = rapid.Bool().Draw(t, "reused")
		r.Dialed = rapid.IntRange(0, 2).Draw(t, "dialed")
		r.Status = rapid.SampledFrom([]int{0, 99, 200, 204, 301, 404, 503, 700}).Draw(t, "status")
		r.BytesSent, r.BytesReceived = 3, 5
		r.Phases.Wait = r.ServiceTime()
		switch rapid.IntRange(0, 3).Draw(t, "outcome") {
		case 0:
			return failed(r, rapid.SampledFrom([]loadgen.ErrorKind{
				loadgen.ErrorTimeout, loadgen.ErrorReset, "",
			}).Draw(t, "error"), "words")
		case 1:
			return loadgen.Record{Attack: r.Attack, Seq: r.Seq, Outcome: loadgen.NotSent,
				NotSent: rapid.SampledFrom([]loadgen.NotSentReason{
					loadgen.NotSentLate, loadgen.NotSentStopped, "unheard of",
				}).Draw(t, "reason")}
		default:
			return r
		}
	})
}

// naive computes from all records at once what an accumulator keeps of them.
func naive(records []loadgen.Record) (r Requests, opened, reused uint64, slowest []time.Duration) {
	r.Planned = uint64(len(records))
	for _, rec := range records {
		opened += uint64(rec.Dialed)
		switch {
		case rec.Outcome == loadgen.NotSent:
			continue
		case rec.Outcome == loadgen.Failed:
			r.Failed++
		default:
			r.Finished++
			if rec.Status < 400 {
				r.OK++
			}
		}
		if rec.Reused {
			reused++
		}
		slowest = append(slowest, rec.ResponseTime())
	}
	slices.Sort(slowest)
	slices.Reverse(slowest)
	return r, opened, reused, slowest[:min(10, len(slowest))]
}

func accountsOf(records []loadgen.Record, attacks int) []runner.Account {
	accounts := make([]runner.Account, attacks)
	for _, r := range records {
		c := &accounts[r.Attack]
		c.Planned++
		c.Given++
		c.Recorded++
	}
	return accounts
}

func TestFiguresEqualANaiveComputationHoweverManyGoroutinesAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attacks := rapid.IntRange(1, 3).Draw(t, "attacks")
		records := rapid.SliceOfN(anyRecord(attacks), 0, 200).Draw(t, "records")
		a := New(plan("a", "b", "c"), runID, began)
		var wg sync.WaitGroup
		for part := range slices.Chunk(records, 40) {
			wg.Go(func() {
				for i := range part {
					a.Add(&part[i])
				}
			})
		}
		wg.Wait()
		s := a.Summary(began.Add(time.Minute), Conclusion{Accounts: accountsOf(records, 3)})

		require.Empty(t, s.Faults)
		want, opened, reused, slowest := naive(records)
		got := s.Total.Requests
		require.Equal(t, want.Planned-want.Finished-want.Failed, got.Unsent())
		got.NotSent = nil
		require.Equal(t, want, got)
		require.Equal(t, Connections{Opened: opened, Reused: reused}, s.Total.Connections)
		require.Equal(t, Traffic{int64(3 * want.Sent()), int64(5 * want.Sent())}, s.Total.Bytes)
		require.Len(t, s.Slowest, len(slowest))
		for i := range slowest {
			require.Equal(t, Seconds(slowest[i].Seconds()), s.Slowest[i].ResponseTime)
		}
		require.Equal(t, want.Sent(), s.Total.ServiceTime.Count)
		_, err := json.Marshal(s)
		require.NoError(t, err)
	})
}

func TestFailedRequestsCountInTheTimesAndOnlyOpenLoopOnesInTheLag(t *testing.T) {
	a := New(plan("auth"), runID, began)
	slow := failed(sent(0, 0, 0, time.Second, 10*time.Second), loadgen.ErrorTimeout, "no answer within 10 s")
	closed := sent(0, 1, 0, 0, time.Second)
	closed.Open = false
	a.Add(&slow)
	a.Add(&closed)
	s := a.Summary(began, Conclusion{Accounts: []runner.Account{{Planned: 2, Given: 2, Recorded: 2}}})
	require.Empty(t, s.Faults)
	assert.Equal(t, Seconds(11), s.Total.ResponseTime.Max)
	assert.Equal(t, Seconds(10), s.Total.ServiceTime.Max)
	assert.Equal(t, uint64(1), s.Total.Lag.Count)
	assert.Equal(t, map[loadgen.ErrorKind]Error{loadgen.ErrorTimeout: {1, "no answer within 10 s"}}, s.Total.Errors)
	assert.Equal(t, map[string]uint64{"200": 1}, s.Total.Status)
	assert.Equal(t, slow.TraceID.String(), s.Slowest[0].TraceID)
	assert.Equal(t, slow.TraceID.String(), s.Failures[0].TraceID)
}

func TestRatesAreThoseOfTheSchedule(t *testing.T) {
	p := plan("auth", "browse")
	a := New(p, runID, began)
	for i := range uint64(1000) {
		r := sent(0, i, time.Duration(i)*10*time.Millisecond, 0, time.Millisecond)
		a.Add(&r)
	}
	accounts := []runner.Account{
		{Planned: 1000, Given: 1000, Recorded: 1000, Length: 10 * time.Second, Stages: []pace.Progress{
			{Open: true, Begun: true, Given: 1000, Due: 1000, Begin: began, End: began.Add(10 * time.Second), Planned: began.Add(10 * time.Second)},
		}},
		{Planned: 500, Unsent: 500, UnsentReason: loadgen.NotSentStopped, Length: 5 * time.Second, Stages: []pace.Progress{{Open: true, Left: 500}}},
	}
	s := a.Summary(began.Add(10*time.Second), Conclusion{Accounts: accounts, Stopped: true})
	require.Empty(t, s.Faults)
	assert.Equal(t, Stopped, s.End)
	assert.InDelta(t, 100, s.Attacks[0].RateAchieved, 1e-9)
	assert.Equal(t, 100.0, s.Attacks[0].RateWanted)
	assert.Zero(t, s.Attacks[1].RateAchieved)
	assert.Equal(t, 150.0, s.Total.RateWanted)
	assert.Equal(t, map[loadgen.NotSentReason]uint64{loadgen.NotSentStopped: 500}, s.Total.Requests.NotSent)

	p.Order = loadgen.Sequence
	assert.Equal(t, 100.0, a.Summary(began, Conclusion{Accounts: accounts}).Total.RateWanted)
	p.Attacks[1].Load[0] = pace.Stage{Max: &pace.Max{Workers: 4}}
	assert.Zero(t, a.Summary(began, Conclusion{Accounts: accounts}).Total.RateWanted)
}

func TestEveryCountThatDoesNotAddUpIsAFault(t *testing.T) {
	add := func(a *Accumulator, r loadgen.Record) { a.Add(&r) }
	a := New(plan("auth"), runID, began)
	add(a, sent(0, 0, 0, 0, time.Millisecond))
	good := runner.Account{Planned: 1, Given: 1, Recorded: 1}
	require.Empty(t, a.Summary(began, Conclusion{Accounts: []runner.Account{good}}).Faults)

	for want, bend := range map[string]func(*runner.Account){
		"attack auth: 3 requests were planned, but 1 finished, 0 failed and 0 not sent make 1": func(c *runner.Account) { c.Planned = 3 },
		"attack auth: the engine took 2 requests on and accounted for 1":                       func(c *runner.Account) { c.Given = 2 },
		"attack auth: the engine accounted for 0 requests, but 1 were counted":                 func(c *runner.Account) { c.Recorded = 0 },
	} {
		c := good
		bend(&c)
		assert.Contains(t, a.Summary(began, Conclusion{Accounts: []runner.Account{c}}).Faults, want)
	}
	s := a.Summary(began, Conclusion{Accounts: []runner.Account{good}})
	s.Total.Requests.Failed++
	s.Attacks[0].Status["200"] = 7
	s.Attacks[0].ServiceTime.Count = 9
	s.Attacks[0].ResponseTime.Count = 8
	assert.Len(t, s.Check(), 3)
}

func TestLostTelemetryIsAFault(t *testing.T) {
	assert.Empty(t, Telemetry{SpansMade: 11, SpansDelivered: 11, SpansPerRequest: 1}.Check(10))
	assert.Empty(t, Telemetry{}.Check(10))
	assert.Empty(t, Telemetry{SpansMade: 1, SpansDelivered: 1}.Check(0))
	assert.Equal(t, []string{
		"the pipeline did not get all spans: 2 were lost",
		"the pipeline did not get all events: 3 were lost",
		"the pipeline did not get all metric points: 4 were lost",
		"0.9 spans are left for each request sent, not 1",
	}, Telemetry{SpansMade: 10, SpansDelivered: 7, SpansWaiting: 1, SpansDropped: 2, LogsDropped: 3, MetricsDropped: 4, SpansPerRequest: 0.9}.Check(10))
}

func TestSpansThatAreNotAccountedForAreAFault(t *testing.T) {
	assert.Equal(t, []string{"11 spans were made, but 9 delivered, 0 dropped and 1 waiting make 10"},
		Telemetry{SpansMade: 11, SpansDelivered: 9, SpansWaiting: 1, SpansPerRequest: 1}.Check(10))
	assert.Equal(t, []string{"0 spans were made, but 1 delivered, 0 dropped and 0 waiting make 1"},
		Telemetry{SpansDelivered: 1}.Check(10))
}

func TestAnEnginesErrorMakesTheRunFailed(t *testing.T) {
	s := New(plan("auth"), runID, began).Summary(began.Add(time.Second), Conclusion{Stopped: true, Err: errors.New("no more files")})
	assert.Equal(t, Failed, s.End)
	assert.Equal(t, "no more files", s.Error)
	assert.Equal(t, Seconds(1), s.Elapsed)
}

func TestMemoryIsBoundedWhateverTheErrorsAre(t *testing.T) {
	a := New(plan("auth"), runID, began)
	const n = 5000
	for i := range uint64(n) {
		r := failed(sent(0, i, time.Duration(i), 0, time.Duration(i)), loadgen.ErrorKind(fmt.Sprint("kind", i)),
			strings.Repeat("ö", 10_000))
		a.Add(&r)
	}
	s := a.Summary(began, Conclusion{Accounts: []runner.Account{{Planned: n, Given: n, Recorded: n}}})
	require.Empty(t, s.Faults)
	assert.Len(t, s.Total.Errors, errorKinds+1)
	assert.Equal(t, uint64(n-errorKinds), s.Total.Errors[loadgen.ErrorOther].Count)
	assert.Len(t, s.Failures, errorKinds+keptFailures)
	assert.Equal(t, loadgen.MaxErrorText, len(s.Total.Errors["kind0"].Example))
	for _, r := range a.attacks[0].slowest.kept {
		assert.Empty(t, r.ErrorText)
	}
}

func TestErrorTextIsCutBetweenCharacters(t *testing.T) {
	text := bounded(strings.Repeat("a", loadgen.MaxErrorText-1) + "ö")
	assert.Equal(t, strings.Repeat("a", loadgen.MaxErrorText-1), text)
	assert.Equal(t, "a\uFFFDb", bounded("a\xffb"))
	assert.LessOrEqual(t, len(bounded(strings.Repeat("\x80", 1000))), 3*loadgen.MaxErrorText)
}

func TestAnAddAllocatesNothingInTheSteadyState(t *testing.T) {
	a := New(plan("auth"), runID, began)
	r := sent(0, 0, 0, time.Millisecond, time.Millisecond)
	r.Phases = loadgen.Phases{Conn: time.Microsecond, Write: time.Microsecond, Wait: time.Millisecond, Read: time.Microsecond}
	for range 100_000 { // buckets widen as they fill
		a.Add(&r)
	}
	assert.Zero(t, testing.AllocsPerRun(1000, func() { a.Add(&r) }))
}

func TestCallsThatWereSentAgainAreCounted(t *testing.T) {
	var all, part counts
	r := sent(0, 1, 0, 0, time.Millisecond)
	all.addSent(&r)
	r.Resent = 2
	all.addSent(&r)
	part.addSent(&r)
	all.merge(&part)
	assert.EqualValues(t, 4, all.connections.Resent)
}

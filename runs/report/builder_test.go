package report

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Percentiles of percentiles would differ from the first digit on.
func TestTheIntervalsTogetherHaveTheFiguresOfTheSummaryToTheDigit(t *testing.T) {
	d := severalAttacks(1)
	require.Len(t, d.Series, 4)
	for i, s := range d.Series {
		f := &d.Summary.Total
		if i > 0 {
			f = &d.Summary.Attacks[i-1].Figures
		}
		merged := summary.NewTimes()
		var ok, bad, failed, sent uint64
		for _, at := range s.Intervals {
			if at.Response != nil {
				merged.Merge(at.Response)
			}
			ok, bad, failed, sent = ok+at.OK, bad+at.Bad, failed+at.Failed, sent+at.Sent
		}
		assert.Equal(t, f.ResponseTime, merged.Quantiles(), s.Name)
		assert.Equal(t, f.ResponseTime, s.Response.Quantiles(), s.Name)
		assert.Equal(t, f.ServiceTime, s.Service.Quantiles(), s.Name)
		assert.Equal(t, f.Requests.OK, ok)
		assert.Equal(t, f.Requests.Finished-f.Requests.OK, bad)
		assert.Equal(t, f.Requests.Failed, failed)
		assert.Equal(t, f.Requests.Sent(), sent)
		p := s.spectrum()
		for q, want := range map[float64]summary.Seconds{50: f.ResponseTime.P50, 90: f.ResponseTime.P90, 99: f.ResponseTime.P99, 99.9: f.ResponseTime.P999} {
			for j := range p.Percentiles {
				if p.Percentiles[j] == q {
					assert.InDelta(t, float64(want), p.Response[j], 0, "p%g", q)
				}
			}
		}
	}
	var targets, errors uint64
	for _, of := range d.Targets {
		targets, errors = targets+of.Requests, errors+of.Errors
	}
	assert.Equal(t, d.Summary.Total.Requests.Sent(), targets)
	assert.Equal(t, d.Summary.Total.Bad(), errors)
}

func TestTheSlowestRequestsAreThoseOfTheSummary(t *testing.T) {
	d := severalAttacks(1)
	for i, want := range d.Summary.Slowest {
		assert.Equal(t, want.TraceID, d.Requests[i].TraceID.String())
	}
	for _, want := range d.Summary.Failures {
		found := false
		for _, r := range d.Requests {
			found = found || r.TraceID.String() == want.TraceID
		}
		assert.True(t, found, want.TraceID)
	}
}

// What is kept does not grow with the run, and the extremes are kept.
func TestARunOfAnyLengthHasBoundedIntervalsAndKeepsItsExtremes(t *testing.T) {
	target := &loadgen.Target{Method: "GET", URL: "http://h/"}
	b := NewBuilder("a")
	n := 200_000
	rnd := rand.New(rand.NewPCG(1, 2))
	for i, seq := range rnd.Perm(n) {
		r := loadgen.Record{Seq: uint64(seq), Open: true, Target: target, Status: 200, Intended: began.Add(time.Duration(seq) * 400 * time.Millisecond)}
		r.Sent = r.Intended
		r.Done = r.Sent.Add(time.Millisecond)
		if seq == 123_456 {
			r.Done = r.Sent.Add(17 * time.Second)
		}
		if seq == 77_777 {
			r.Status = 500
		}
		b.Add(&r)
		_ = i
	}
	d := b.Data(&summary.Summary{Began: began, Attacks: []summary.Attack{{Name: "a"}}})
	s := d.Series[0]
	assert.LessOrEqual(t, len(s.Intervals), maxCells)
	assert.GreaterOrEqual(t, len(s.Intervals), maxCells/3)
	assert.EqualValues(t, n, s.Response.Count())
	assert.EqualValues(t, 123_456, d.Requests[0].Seq)
	slowest, wrong := 0, 0
	for _, at := range s.Intervals {
		if at.Slowest == 0 {
			slowest++
		}
		if at.Wrong >= 0 {
			wrong++
			assert.EqualValues(t, 77_777, d.Requests[at.Wrong].Seq)
		}
	}
	assert.Equal(t, 1, slowest)
	assert.Equal(t, 1, wrong)
	assert.LessOrEqual(t, len(d.Requests), 2*maxCells+keptSlowest)
}

// A clock that jumps, or a forged file.
func TestTimesFarApartTakeNoMemory(t *testing.T) {
	b := NewBuilder("a")
	for _, at := range []time.Time{began, began.AddDate(200, 0, 0), began.AddDate(-200, 0, 0), time.Unix(0, 1), {}} {
		b.Add(&loadgen.Record{Intended: at, Sent: at, Done: at.Add(time.Second)})
	}
	b.Add(&loadgen.Record{Attack: 1 << 20, Intended: began, Sent: began, Done: began.Add(-time.Second)})
	d := b.Data(&summary.Summary{Began: began})
	assert.LessOrEqual(t, len(d.Series[0].Intervals), maxCells)
}

func TestNamesOfTargetsAreBounded(t *testing.T) {
	b := NewBuilder("a")
	for i := range 20_000 {
		r := loadgen.Record{Seq: uint64(i), Target: &loadgen.Target{Method: "GET", URL: "http://h/" + string(rune('a'+i%26)) + string(rune('a'+i/26%26))}, Intended: began, Sent: began, Done: began.Add(time.Millisecond), Status: 200}
		b.Add(&r)
	}
	d := b.Data(&summary.Summary{Began: began, Attacks: []summary.Attack{{Name: "a"}}})
	assert.Len(t, d.Targets, maxTargets+1)
	assert.Equal(t, otherTarget, d.Targets[maxTargets].Name)
	var n uint64
	for _, of := range d.Targets {
		n += of.Requests
	}
	assert.EqualValues(t, 20_000, n)
}

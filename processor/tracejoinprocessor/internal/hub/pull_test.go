package hub

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// archive has a line for each request, written when it was sent, and is away when
// it is asked to be.
type archive struct {
	lines []logline.Line
	away  func() error
}

func (a *archive) Window(_ context.Context, from, to time.Time, yield func(logline.Line)) error {
	for _, l := range a.lines {
		if !l.Time.Before(from) && l.Time.Before(to) {
			yield(l)
		}
	}
	return a.away() // after it has told some
}

var errAway = errors.New("away")

func pulling(t *testing.T, away func(since time.Duration) error) (*Hub, *seen) {
	began := time.Now()
	a := &archive{away: func() error { return away(time.Since(began)) }}
	for n := range 200 {
		a.lines = append(a.lines, logline.Line{TraceID: traceID(n), Time: began.Add(time.Duration(n) * 50 * time.Millisecond), Body: "done"})
	}
	o := options()
	o.Pull = Pull{Source: a, Every: time.Second, Settle: time.Second}
	seen := newSeen()
	h := New(o, Consumers{Traces: &fickle{seen: seen, refuse: func() error { return nil }}})
	h.Start()
	for n := range 200 {
		send(t, h, func(td ptrace.Traces) { request(td, n) })
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(10 * time.Second)
	require.NoError(t, h.Shutdown(context.Background()))
	return h, seen
}

func TestTheLinesOfAllRequestsAreFetchedInWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, seen := pulling(t, func(time.Duration) error { return nil })
		seen.once(t, 600)
		assert.Equal(t, 200, seen.lines, "each line once, at its span")
		assert.EqualValues(t, 200, h.Counts().Pulled)
		assert.Zero(t, h.Counts().PullsFailed)
	})
}

// A window that failed half way is fetched again whole: no line is missing, and
// none comes twice.
func TestAWindowThatFailedIsFetchedAgainWithTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, seen := pulling(t, func(since time.Duration) error {
			if since > 4*time.Second && since < 6*time.Second {
				return errAway
			}
			return nil
		})
		seen.once(t, 600)
		assert.Equal(t, 200, seen.lines)
		assert.Positive(t, h.Counts().PullsFailed)
	})
}

// lacking is an error of a source that has yielded all that can be had.
type lacking struct{ error }

func (lacking) Incomplete() bool { return true }

// One instant with more lines than a page once cost all other lines of its window, again
// and again until the requests had left.
func TestAWindowThatLacksAFewLinesKeepsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, seen := pulling(t, func(since time.Duration) error {
			if since > 4*time.Second && since < 6*time.Second {
				return fmt.Errorf("fetch: %w", lacking{errors.New("one instant has more lines than a page")})
			}
			return nil
		})
		seen.once(t, 600)
		assert.Equal(t, 200, seen.lines, "each line once")
		assert.EqualValues(t, 1, h.Counts().PullsIncomplete)
		assert.Zero(t, h.Counts().PullsFailed)
	})
}

func TestASourceOfWindowsThatIsAwayDelaysNoSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, seen := pulling(t, func(time.Duration) error { return errAway })
		seen.once(t, 600)
		assert.Zero(t, seen.lines)
		assert.Zero(t, h.Counts().Pulls)
		assert.EqualValues(t, 200, h.Coverage().Missing["no_logs"], "nobody knows that there are none")
		assert.Zero(t, h.Coverage().Absent["logs_never_sent"])
	})
}

package coordinator

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "0123456789abcdef"

var runID = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}

// network carries requests to a collector, unless it is cut.
type network struct {
	to http.Handler

	mu  sync.Mutex // guards cut
	cut bool
}

func (n *network) set(cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut {
		return nil, errors.New("no route to host")
	}
	w := httptest.NewRecorder()
	n.to.ServeHTTP(w, r)
	return w.Result(), nil
}

// notes collects lines.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

func (n *notes) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

// fakeRun is a shard of a run whose requests are all errors, a hundred a second.
type fakeRun struct {
	figures *summary.Accumulator
	began   time.Time
	stopped chan string

	mu   sync.Mutex // guards sent
	sent uint64
}

func newFakeRun(t *testing.T, index, count int) *fakeRun {
	p := &loadgen.Plan{Name: "p", Attacks: []loadgen.Attack{{Name: "a", Workers: 10, MaxWorkers: 10, Load: []pace.Stage{{Constant: 100, Count: 1000}}}},
		Thresholds: []loadgen.Threshold{{Metric: loadgen.MetricErrorRatio, AtMost: "1%", Abort: &loadgen.Abort{After: 3 * time.Second}}}}
	p, err := p.Split(pace.Shard{Index: index, Count: count})
	require.NoError(t, err)
	now := time.Now()
	return &fakeRun{figures: summary.New(p, runID, now), began: now, stopped: make(chan string, 1)}
}

func (r *fakeRun) Summary() *summary.Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; r.sent < uint64(time.Since(r.began)/(10*time.Millisecond)); r.sent++ {
		at := r.began.Add(time.Duration(r.sent) * 10 * time.Millisecond)
		r.figures.Add(&loadgen.Record{Seq: r.sent, Open: true, Intended: at, Sent: at, Done: at.Add(time.Millisecond), Status: 500})
	}
	return r.figures.Until(time.Now(), []runner.Account{{Begun: true, Begin: r.began}})
}

func (r *fakeRun) StopFor(reason string) { r.stopped <- reason }

func (r *fakeRun) final() *summary.Summary {
	s := r.Summary()
	s.Elapsed = summary.Seconds(time.Since(r.began).Seconds())
	return s
}

func target(index, count int) Target {
	return Target{URL: "http://collector", Token: secret, Run: runID.String(), Shard: pace.Shard{Index: index, Count: count}}
}

func TestShardsReportAndTheCollectorHasTheirSummaries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said notes
		c := newCollector(Options{Run: runID.String(), Count: 2, Token: secret, Wait: time.Minute, Note: said.add})
		for i := range 2 {
			go func() {
				r := start(target(i, 2), said.add, &network{to: c})
				time.Sleep(2500 * time.Millisecond)
				run := newFakeRun(t, i, 2)
				r.Began(run)
				time.Sleep(2500 * time.Millisecond)
				s := run.final()
				r.Mark(s)
				assert.Empty(t, s.Shard.Unwatched)
				assert.NoError(t, r.Done(t.Context(), s))
			}()
		}
		found, lost := c.Collect(t.Context())
		require.Len(t, found, 2)
		assert.Empty(t, lost)
		assert.Equal(t, "shard 1/2", found[1].From)
		assert.Equal(t, 1, found[1].Summary.Shard.Index)
		for _, state := range []string{"shard 0/2 is waiting", "shard 0/2 is running", "shard 1/2 is done"} {
			assert.Contains(t, said.text(), state)
		}
		synctest.Wait()
	})
}

func TestAThresholdThatTheWholeRunBreachesStopsAllShards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(Options{Run: runID.String(), Count: 3, Token: secret, Wait: time.Minute})
		began := time.Now()
		for i := range 3 {
			go func() {
				r := start(target(i, 3), func(string) {}, &network{to: c})
				run := newFakeRun(t, i, 3)
				r.Began(run)
				reason := <-run.stopped
				assert.Equal(t, "in the whole run, the threshold error ratio at most 1% was breached for 3s", reason)
				assert.True(t, r.Watched())
				s := run.final()
				r.Mark(s)
				require.NotNil(t, s.Shard.Ended)
				assert.Equal(t, 1.0, s.Shard.Ended.Value)
				assert.NoError(t, r.Done(t.Context(), s))
			}()
		}
		found, _ := c.Collect(t.Context())
		assert.Len(t, found, 3)
		assert.InDelta(t, 5, time.Since(began).Seconds(), 2)
		synctest.Wait()
	})
}

// A shard that does not hear the collector goes on, judges by itself, and says so.
func TestAShardThatIsCutOffGoesOnByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said notes
		c := newCollector(Options{Run: runID.String(), Count: 2, Token: secret, Wait: time.Minute})
		c.whole.Leave(1)
		c.shards[1].lost = "it is none of this test's"
		wire := &network{to: c}
		r := start(target(0, 2), said.add, wire)
		run := newFakeRun(t, 0, 2)
		r.Began(run)
		time.Sleep(3 * time.Second)
		assert.True(t, r.Watched())
		wire.set(true)
		time.Sleep(20 * time.Second)
		assert.False(t, r.Watched())
		assert.Equal(t, 1, strings.Count(said.text(), "is not heard"), "it is said once")
		wire.set(false)
		time.Sleep(3 * time.Second)
		assert.True(t, r.Watched())
		assert.Contains(t, said.text(), "is heard again")
		s := run.final()
		r.Mark(s)
		require.Len(t, s.Shard.Unwatched, 1)
		assert.InDelta(t, 2, float64(s.Shard.Unwatched[0].From), 1.1)
		assert.InDelta(t, 23, float64(s.Shard.Unwatched[0].To), 1.1)
		wire.set(true)
		began := time.Now()
		assert.ErrorContains(t, r.Done(t.Context(), s), "no route to host")
		assert.InDelta(t, 30, time.Since(began).Seconds(), 1, "it tries for 30 s")
	})
}

func TestAShardThatFailsOrIsSilentEndsTheWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCollector(Options{Run: runID.String(), Count: 3, Token: secret, Wait: 5 * time.Minute})
		failed := start(target(0, 3), func(string) {}, &network{to: c})
		require.NoError(t, failed.Failed(t.Context(), errors.New("attacks[0].http.url: \x1b[2J"+strings.Repeat("x", 5000))))
		wire := &network{to: c}
		killed := start(target(1, 3), func(string) {}, wire)
		time.Sleep(10 * time.Second)
		wire.set(true)
		found, lost := c.Collect(t.Context())
		assert.Empty(t, found)
		assert.Contains(t, lost[0], "it failed: attacks[0].http.url")
		assert.Less(t, len(lost[0]), 1100)
		plaintexttest.Check(t, lost[0])
		assert.Equal(t, "it was waiting, and then not heard of for 30s", lost[1])
		assert.Equal(t, "it did not report within 5m0s", lost[2])
		killed.cancel()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, lost = newCollector(Options{Count: 1, Wait: time.Hour}).Collect(ctx)
		assert.Equal(t, "the wait for its summary was ended", lost[0])
	})
}

func TestReportsOfStrangersAreRefused(t *testing.T) {
	c := newCollector(Options{Run: runID.String(), Count: 2, Token: secret})
	good := PathOf(runID.String(), 0)
	for name, r := range map[string]struct {
		method, path, token, body string
		want                      int
	}{
		"no token":           {"POST", good, "", `{"count": 2}`, 401},
		"another token":      {"POST", good, "x" + secret, `{"count": 2}`, 401},
		"another method":     {"GET", good, secret, "", 405},
		"another run":        {"POST", PathOf("ffff", 0), secret, `{"count": 2}`, 409},
		"no such shard":      {"POST", PathOf(runID.String(), 2), secret, `{"count": 2}`, 409},
		"another path":       {"POST", "/", secret, `{"count": 2}`, 409},
		"no JSON":            {"POST", good, secret, "\x1b[2J", 400},
		"another count":      {"POST", good, secret, `{"count": 3}`, 400},
		"done without":       {"POST", good, secret, `{"count": 2, "state": "done"}`, 400},
		"a summary of a run": {"POST", good, secret, `{"count": 2, "summary": {"run_id": "ffff"}}`, 400},
		"of another shard":   {"POST", good, secret, `{"count": 2, "summary": {"run_id": "0102030405060708", "shard": {"index": 1, "count": 2}}}`, 400},
		"no addends":         {"POST", good, secret, `{"count": 2, "state": "running", "summary": {"run_id": "0102030405060708", "shard": {"index": 0, "count": 2}}}`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			w, request := httptest.NewRecorder(), httptest.NewRequest(r.method, r.path, strings.NewReader(r.body))
			request.Header.Set("Authorization", "Bearer "+r.token)
			c.ServeHTTP(w, request)
			assert.Equal(t, r.want, w.Code, w.Body)
		})
	}
	w, request := httptest.NewRecorder(), httptest.NewRequest("POST", good, io.LimitReader(zeros{}, maxReport+1))
	request.Header.Set("Authorization", "Bearer "+secret)
	c.ServeHTTP(w, request)
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, w.Body.String(), "too large")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestACollectorListensAndCloses(t *testing.T) {
	var said notes
	c, err := Listen(t.Context(), "127.0.0.1:0", Options{Run: runID.String(), Count: 1, Token: secret, Wait: time.Minute, Note: said.add})
	require.NoError(t, err)
	_, address, _ := strings.Cut(said.text(), " at ")
	r := Start(Target{URL: "http://" + address, Token: "another token of 16", Run: runID.String()}, said.add)
	assert.ErrorContains(t, r.Failed(t.Context(), errors.New("x")), "401", "at once")
	r = Start(Target{URL: "http://" + address + "/", Token: secret, Run: runID.String()}, said.add)
	require.NoError(t, r.Failed(t.Context(), errors.New("x")))
	_, lost := c.Collect(t.Context())
	assert.Len(t, lost, 1)
	require.NoError(t, c.Close())
	_, err = Listen(t.Context(), "127.0.0.1:0", Options{})
	assert.ErrorContains(t, err, "0 shards")
}

func TestATokenIsReadFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for text, want := range map[string]string{"short": "write at least 16", strings.Repeat("x", 5000): "is longer than", "0123456789 abcdef": "has a character", secret + "\n": ""} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		got, err := ReadToken(path)
		if want == "" {
			require.NoError(t, err)
			assert.Equal(t, secret, got)
			continue
		}
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "abcdef", "a secret is in no error")
	}
	_, err := ReadToken(path + "x")
	assert.Error(t, err)
	for _, bad := range []string{"", "collector:4319", "ftp://h", "http://u:p@h", "http://h?x=y", "http://"} {
		assert.Error(t, (&Target{URL: bad}).Check(), bad)
	}
	assert.NoError(t, (&Target{URL: "https://h:1/x"}).Check())
}

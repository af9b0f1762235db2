package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/distribution"
	"github.com/loadtrace/loadtrace/internal/session"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target answers at once, or not before the caller goes away, and closes reached at the
// first request.
func target(t *testing.T, hangs bool) (url string, reached chan struct{}) {
	reached = make(chan struct{})
	first := sync.OnceFunc(func() { close(reached) })
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		first()
		if hangs {
			io.Copy(io.Discard, r.Body) // a server sees that a client has gone only then
			<-r.Context().Done()
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, reached
}

// options of a run against a URL with a load and more of a plan, as YAML.
func options(t *testing.T, url, load, more string) session.Options {
	plan, err := planfile.Parse("plan.yaml", fmt.Appendf(nil, "name: test\nattacks:\n  - {name: a, load: [%s], http: {url: '%s/', timeout: 1h}}\n%s", load, url, more), planfile.Literal())
	require.NoError(t, err)
	return session.Options{Collector: distribution.Settings(), Plan: plan, Flush: 10 * time.Second}
}

func start(t *testing.T, o session.Options) *session.Run {
	t.Helper()
	run, err := session.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { run.Cancel(); run.Result() }) // where a test has failed
	return run
}

func TestARunIsStartedWatchedAndRead(t *testing.T) {
	url, _ := target(t, false)
	o := options(t, url, "{max: {workers: 2}, count: 50}", "")
	o.RunID, o.MeasureUse = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}, true
	run := start(t, o)
	assert.Equal(t, o.RunID, run.ID())
	<-run.Settled()
	assert.EqualValues(t, 50, run.Progress().Planned)
	result, err := run.Result()
	require.NoError(t, err)
	assert.False(t, result.Interrupted)
	assert.Equal(t, summary.Completed, result.Summary.End)
	assert.EqualValues(t, 50, result.Summary.Total.Requests.Finished)
	assert.Equal(t, run.ID().String(), result.Summary.RunID)
	assert.NotNil(t, result.Summary.Usage)
	again, err := run.Result()
	require.NoError(t, err)
	assert.Equal(t, result, again, "a result stays")
}

// Runs have nothing in common but the process.
func TestTwoRunsGoOnSideBySide(t *testing.T) {
	url, _ := target(t, false)
	one, other := start(t, options(t, url, "{max: {workers: 1}, count: 10}", "")), start(t, options(t, url, "{max: {workers: 1}, count: 20}", ""))
	for n, run := range map[uint64]*session.Run{10: one, 20: other} {
		sum, err := run.Complete()
		require.NoError(t, err)
		assert.Equal(t, n, sum.Total.Requests.Finished)
	}
}

func TestTheSpeedOfARunChanges(t *testing.T) {
	url, reached := target(t, false)
	run := start(t, options(t, url, "{constant: 1/s, count: 600}", ""))
	<-reached
	require.Error(t, run.SetSpeed("nobody", 1))
	require.NoError(t, run.SetSpeed("a", 500))
	sum, err := run.Complete()
	require.NoError(t, err)
	assert.EqualValues(t, 600, sum.Total.Requests.Planned)
	assert.Less(t, sum.Elapsed.Duration(), 5*time.Minute)
}

func TestStopEndsARunInOrder(t *testing.T) {
	url, reached := target(t, false)
	run := start(t, options(t, url, "{constant: 100/s, duration: 1h}", ""))
	<-reached
	run.Stop()
	run.Stop() // no more than one
	result, err := run.Result()
	require.NoError(t, err)
	assert.True(t, result.Interrupted)
	assert.Equal(t, summary.Stopped, result.Summary.End)
	assert.Zero(t, result.Summary.Total.Requests.Failed)
	_, err = run.Complete()
	require.EqualError(t, err, "the measurement was stopped before its end")
}

// The flush timeout of an hour stands for an endpoint that takes nothing.
func TestAStopGivesUpTelemetryOnceNothingElseIsLeft(t *testing.T) {
	url, _ := target(t, false)
	o := options(t, url, "{max: {workers: 1}, count: 5}", "")
	o.OTLP, _ = target(t, true)
	o.Signals, o.Flush = session.Signals, time.Hour
	run := start(t, o)
	require.Eventually(t, func() bool { return run.Progress().Delivering }, time.Minute, 10*time.Millisecond)
	run.Stop()
	result, err := run.Result()
	require.NoError(t, err)
	assert.True(t, result.Interrupted)
	assert.Positive(t, result.Summary.Telemetry.SpansDropped)
	assert.True(t, result.Explained, "%s", result.Summary.Faults)
}

func TestCancelEndsTheGrace(t *testing.T) {
	url, reached := target(t, true)
	run := start(t, options(t, url, "{constant: 100/s, duration: 1h}", "limits: {grace: 1h}\n"))
	<-reached
	run.Cancel()
	result, err := run.Result()
	require.NoError(t, err)
	assert.Equal(t, summary.Stopped, result.Summary.End)
	assert.Equal(t, result.Summary.Total.Requests.Failed, result.Summary.Total.Errors[loadgen.ErrorCancelled].Count)
}

func TestAStartThatIsCalledOffSaysWhy(t *testing.T) {
	url, _ := target(t, false)
	for want, cause := range map[string]error{
		"stopped by interrupt before the run began": session.CalledOff{By: "interrupt"},
		"stopped before the run began: no more":     errors.New("no more"),
	} {
		ctx, end := context.WithCancelCause(t.Context())
		o := options(t, url, "{constant: 1/s, count: 1}", "")
		stopped := 0
		o.StartAt, o.BeforeShutdown = time.Now().Add(time.Hour), func() { stopped++ }
		end(cause)
		_, err := session.Start(ctx, o)
		require.EqualError(t, err, want)
		assert.Equal(t, 1, stopped)
	}
}

func TestWhatIsWrongWithWhatWasGivenIsMarked(t *testing.T) {
	url, _ := target(t, false)
	for want, change := range map[string]func(*session.Options){
		"--otlp ": func(o *session.Options) { o.OTLP = "localhost" },
		"no pipeline has the receiver loadgen": func(o *session.Options) {
			o.Configs = []string{"yaml:{receivers: {otlp: {protocols: {http: {endpoint: '127.0.0.1:0'}}}}, exporters: {nop: {}}, service: {telemetry: {metrics: {level: none}, logs: {level: error}}, pipelines: {traces: {receivers: [otlp], exporters: [nop]}}}}"}
		},
	} {
		o := options(t, url, "{constant: 1/s, count: 1}", "")
		change(&o)
		_, err := session.Start(t.Context(), o)
		require.ErrorContains(t, err, want)
		assert.True(t, badinput.Is(err), "%v", err)
	}
}

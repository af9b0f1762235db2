package event_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/goldentest"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/event"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
)

var (
	run  = loadgen.RunID{1, 2, 3, 4, 5, 6, 7, 8}
	at   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	plan = &loadgen.Plan{Name: "checkout", Attacks: []loadgen.Attack{{
		Name: "browse",
		HTTP: &loadgen.HTTP{
			URL: "http://shop.test/", Method: "POST", Body: "secret",
			Headers: map[string]string{"Authorization": "Bearer secret"},
		},
		Load: []pace.Stage{{Name: "peak", Constant: 100, Duration: time.Minute}, {Max: &pace.Max{Workers: 3}, Count: 10}},
	}}}
)

func renderer() *event.Renderer {
	in := environment.Environment{
		OS: "linux", Arch: "amd64", CPU: environment.CPU{Model: "AMD EPYC", Allowed: 2},
		Limits: &environment.Limits{CPU: 1.5}, Go: environment.Go{Version: "go1.26", MaxProcs: 2, GC: "400"},
		Versions: map[string]string{"vegeta": "v12.13.0"},
	}
	return event.New(resource.Attributes{Version: "0.1.0", Instance: "one"}.In(in), run, plan)
}

func TestEventsOfARunAreAsCommitted(t *testing.T) {
	r := renderer()
	sum := &summary.Summary{RunID: run.String(), Plan: "checkout", Began: at, Elapsed: 61.2345, End: "completed"}
	sum.Total.Requests = summary.Requests{
		Planned: 10, Finished: 7, OK: 6, Failed: 1,
		NotSent: map[loadgen.NotSentReason]uint64{loadgen.NotSentLate: 2},
	}
	sum.Verdict = verdict.Report{
		Verdict: verdict.Fail, Trusted: true, Reasons: []string{"the threshold rate at least 5/s had no samples"},
		Thresholds: []verdict.Result{
			{Threshold: "rate at least 5/s", Outcome: verdict.NoSamples},
			{Threshold: "error ratio at most 1%", Outcome: verdict.Breached, Value: new(0.125), Limit: 0.01, Unit: "ratio"},
		},
	}
	sum.Total.ResponseTime = summary.Quantiles{Count: 8, P50: 0.0123456, P99: 0.5, Max: 1.23456}
	all := plog.NewLogs()
	for _, make := range []func() (plog.Logs, error){
		func() (plog.Logs, error) { return r.RunStart(at) },
		func() (plog.Logs, error) { return r.AttackStart(at, 0), nil },
		func() (plog.Logs, error) { return r.AttackSpeed(at, 0, 0), nil },
		func() (plog.Logs, error) { return r.AttackSpeed(at, 0, 2.5), nil },
		func() (plog.Logs, error) { return r.AttackSpeed(at, 0, 1), nil },
		func() (plog.Logs, error) { return r.StageStart(at, 0, 0), nil },
		func() (plog.Logs, error) { return r.StageStart(at, 0, 1), nil },
		func() (plog.Logs, error) { return r.AttackStop(at, 0), nil },
		func() (plog.Logs, error) { return r.RunStop(at, sum) },
	} {
		logs, err := make()
		require.NoError(t, err)
		logs.ResourceLogs().MoveAndAppendTo(all.ResourceLogs())
	}
	src, err := (&plog.JSONMarshaler{}).MarshalLogs(all)
	require.NoError(t, err)
	goldentest.Equal(t, "events.json", src)
}

func TestAnEventNeverHoldsTheValuesOfHeadersAndBodies(t *testing.T) {
	logs, err := renderer().RunStart(at)
	require.NoError(t, err)
	src, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	assert.NotContains(t, string(src), "secret")
	assert.Contains(t, string(src), "Authorization")
	assert.Equal(t, "Bearer secret", plan.Attacks[0].HTTP.Headers["Authorization"], "the plan itself is as it was")
}

// What takes the place of a secret must itself be valid in a plan, or the event
// of the run's start would be missing.
func TestAPlanWithSecretsEverywhereCanBeTold(t *testing.T) {
	secret := *plan
	secret.Attacks = []loadgen.Attack{{Name: "browse", Load: plan.Attacks[0].Load, HTTP: &loadgen.HTTP{
		URL: "http://user:hidden@shop.test/?a=b&Access_Token=hidden", Method: "GET",
		Headers: map[string]string{"Host": "hidden.test", "Content-Type": "hidden", "Cookie": "a=hidden"},
	}}}
	secret.Attacks = append(secret.Attacks, loadgen.Attack{Name: "call", Load: plan.Attacks[0].Load, GRPC: &loadgen.GRPC{
		Target: "shop.test:9090", Method: "shop.v1.Cart/Add", Data: `{"key": "hidden"}`,
		Metadata: map[string]string{"authorization": "hidden", "token-bin": "aGlkZGVu"},
	}})
	secret.Attacks = append(secret.Attacks, loadgen.Attack{Name: "over2", Load: plan.Attacks[0].Load, HTTP: &loadgen.HTTP{
		URL: "http://shop.test/", Method: "GET", Protocol: loadgen.ProtocolH2C,
		Headers: map[string]string{"connection": "close", "Upgrade": "", "Cookie": "a=hidden"},
	}})
	logs, err := event.New(resource.Attributes{}, run, &secret).RunStart(at)
	require.NoError(t, err)
	src, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	assert.NotContains(t, string(src), "hidden")
	assert.NotContains(t, string(src), "aGlkZGVu", "nor in base64")
	assert.Contains(t, string(src), "http://shop.test/?a=b&Access_Token=REDACTED")
	assert.Contains(t, string(src), "shop.test:9090")
	assert.Contains(t, string(src), "[17 bytes]")
	assert.Equal(t, "hidden", secret.Attacks[1].GRPC.Metadata["authorization"], "the plan itself is as it was")
}

// The summary of a run once told the password of the URL that its plan had.
func TestTheSummaryIsToldWithoutTheSecretsOfURLs(t *testing.T) {
	const url = "http://user:hidden@shop.test/?a=b&sig=hidden"
	sum := &summary.Summary{
		Attacks:  []summary.Attack{{Name: "browse", Target: url, Figures: summary.Figures{Excerpts: map[string]string{"401": "the token hidden is no good"}}}},
		Total:    summary.Figures{Excerpts: map[string]string{"401": "the token hidden is no good"}},
		Slowest:  []summary.Request{{URL: url}},
		Failures: []summary.Request{{URL: url}},
	}
	logs, err := renderer().RunStop(at, sum)
	require.NoError(t, err)
	src, ok := first(logs).Attributes().Get(attr.Summary)
	require.True(t, ok)
	assert.NotContains(t, src.Str(), "hidden")
	var got summary.Summary
	require.NoError(t, json.Unmarshal([]byte(src.Str()), &got))
	for _, told := range []string{got.Attacks[0].Target, got.Slowest[0].URL, got.Failures[0].URL} {
		assert.Equal(t, "http://shop.test/?a=b&sig=REDACTED", told)
	}
	assert.Len(t, sum.Attacks[0].Excerpts, 1)
	assert.Len(t, sum.Total.Excerpts, 1)
	for _, own := range []string{sum.Attacks[0].Target, sum.Slowest[0].URL, sum.Failures[0].URL} {
		assert.Equal(t, url, own, "the summary itself is as it was")
	}
}

func TestTheLastEventHasTheWholeSummary(t *testing.T) {
	want := &summary.Summary{RunID: run.String(), Plan: "checkout", Began: at, End: "failed", Error: "attack browse: no more files"}
	logs, err := renderer().RunStop(at, want)
	require.NoError(t, err)
	record := first(logs)
	assert.Equal(t, plog.SeverityNumberError, record.SeverityNumber())
	assert.Contains(t, record.Body().Str(), "no more files")
	src, ok := record.Attributes().Get(attr.Summary)
	require.True(t, ok)
	var got summary.Summary
	require.NoError(t, json.Unmarshal([]byte(src.Str()), &got))
	assert.Equal(t, want, &got)
}

func TestEventsBelongToTheSpanOfTheRun(t *testing.T) {
	trace, span := run.RunSpan(0)
	record := first(renderer().AttackStart(at, 0))
	assert.Equal(t, pcommon.TraceID(trace), record.TraceID())
	assert.Equal(t, pcommon.SpanID(span), record.SpanID())
}

func first(logs plog.Logs) plog.LogRecord {
	return logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
}

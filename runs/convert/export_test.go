package convert_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"github.com/tsenart/vegeta/v12/lib/plot"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/convert"
	"github.com/loadtrace/loadtrace/runs/query"
)

var began = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// records makes those of two attacks: web, whose workers take their turns in any order,
// of which every tenth is not sent and every seventh fails; and calls of gRPC.
func records(n int) (all []*loadgen.Record) {
	random := rand.New(rand.NewPCG(1, 2))
	web := &loadgen.Target{Method: "GET", URL: "http://127.0.0.1:8080/a", Scheme: "http", Host: "127.0.0.1", Port: 8080}
	call := &loadgen.Target{Method: "auth.v1.Auth/Validate", URL: "grpc://127.0.0.1:9000/auth.v1.Auth/Validate", Scheme: "grpc", RPC: true}
	for i := range n {
		at := began.Add(time.Duration(i) * time.Millisecond)
		sent := at.Add(time.Duration(random.IntN(int(20 * time.Millisecond))))
		r := &loadgen.Record{
			Seq: uint64(i), Open: true, Intended: at, Sent: sent, Done: sent.Add(time.Duration(1+random.IntN(int(50*time.Millisecond))) + 10),
			Target: web, Status: 200, Reused: i > 0, BytesSent: 3, BytesReceived: 100,
			Phases: loadgen.Phases{Write: 1, Wait: 5, Read: 2},
		}
		switch {
		case i%10 == 9:
			r.Outcome, r.NotSent, r.Sent, r.Done, r.Status = loadgen.NotSent, loadgen.NotSentLate, time.Time{}, time.Time{}, 0
		case i%7 == 3:
			r.Outcome, r.Error, r.ErrorText, r.Status = loadgen.Failed, loadgen.ErrorRefused, "connect: connection refused", 0
		case i%11 == 5:
			r.Status = 503
		}
		all = append(all, r)
	}
	for i := range n / 10 {
		at := began.Add(time.Duration(i) * time.Millisecond)
		r := &loadgen.Record{Attack: 1, Seq: uint64(i), Open: true, Intended: at, Sent: at, Done: at.Add(time.Millisecond), Target: call, Unsampled: true}
		if i%5 == 4 {
			r.Status = 14
		}
		all = append(all, r)
	}
	return all
}

func archived(t testing.TB, records []*loadgen.Record, names ...string) *archive.Run {
	plan := &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{
		{Name: "web", HTTP: &loadgen.HTTP{}, Load: []pace.Stage{{}}}, {Name: "calls", GRPC: &loadgen.GRPC{}, Load: []pace.Stage{{}}},
	}}
	for i, name := range names {
		plan.Attacks[i].Name = name
	}
	w, err := archive.Create(t.TempDir(), archive.Start{Run: loadgen.RunID{1, 2, 3}, Plan: plan, Began: began}, 0)
	require.NoError(t, err)
	for i, r := range records {
		w.Record(r)
		if i%4096 == 4095 {
			require.NoError(t, w.Flush(context.Background()))
		}
	}
	value := 0.25
	require.NoError(t, w.Conclude(&summary.Summary{RunID: w.Run().String(), Elapsed: 2, Verdict: verdict.Report{Thresholds: []verdict.Result{
		{Threshold: "the error ratio of all is at most 1 %", Metric: loadgen.MetricErrorRatio, Outcome: verdict.Breached},
		{Threshold: "p99 of the response time is at most 1 s", Metric: loadgen.MetricResponseTime, Outcome: verdict.Passed},
		{Threshold: "the rate is at least 1/s", Metric: loadgen.MetricRate, Outcome: verdict.Passed, Value: &value},
	}}}))
	require.NoError(t, w.Close(context.Background()))
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	return run
}

func export(t testing.TB, run *archive.Run, o convert.Options) (string, convert.Report) {
	var out bytes.Buffer
	report, err := convert.Export(context.Background(), &out, run, o)
	require.NoError(t, err)
	return out.String(), report
}

// read is what vegeta reads of its results, which it recognizes by itself.
func read(t testing.TB, text string) (all []vegeta.Result) {
	decode := vegeta.DecoderFor(strings.NewReader(text))
	require.NotNil(t, decode, "vegeta does not recognize its format")
	for {
		var r vegeta.Result
		if err := decode(&r); err == io.EOF {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, r)
	}
}

func TestVegetaReportsWhatWasMeasured(t *testing.T) {
	const n = 20_000 // more than an ordering's block
	run := archived(t, records(n))
	for _, f := range []convert.Format{convert.Vegeta, convert.VegetaJS, convert.VegetaCS} {
		text, report := export(t, run, convert.Options{Format: f})
		assert.Equal(t, convert.Report{Written: n*9/10 + n/10, NotSent: n / 10}, report)
		results := read(t, text)
		require.Len(t, results, n)
		var m vegeta.Metrics
		for i := range results {
			m.Add(&results[i])
		}
		m.Close()
		codes := map[string]int{}
		for _, r := range records(n) {
			switch {
			case r.Outcome == loadgen.NotSent:
			case r.Outcome == loadgen.Failed:
				codes["0"]++
			case r.Target.RPC:
				codes[map[int]string{0: "200", 14: "503"}[r.Status]]++
			default:
				codes[map[int]string{200: "200", 503: "503"}[r.Status]]++
			}
		}
		assert.Equal(t, codes, m.StatusCodes)
		assert.ElementsMatch(t, []string{"503 Service Unavailable", "UNAVAILABLE", "connect: connection refused"}, m.Errors)
		assert.Equal(t, uint64(n*9/10*3), m.BytesOut.Total)
	}
}

// vegeta plot draws what comes up to the first number that is missing, and fails where a
// time is before that of the number before: so it drew nothing behind a request that had
// not been sent.
func TestVegetaPlotsEveryRequest(t *testing.T) {
	const n = 20_000
	run := archived(t, records(n))
	for _, response := range []bool{false, true} {
		text, _ := export(t, run, convert.Options{Format: convert.Vegeta, Response: response})
		p := plot.New(plot.Label(plot.ErrorLabeler), plot.Downsample(0))
		next := map[string]uint64{}
		for _, r := range read(t, text) {
			require.NoError(t, p.Add(&r))
			require.Equal(t, next[r.Attack], r.Seq)
			next[r.Attack]++
		}
		assert.Equal(t, map[string]uint64{"web": n * 9 / 10, "calls": n / 10}, next)
		p.Close()
		var page bytes.Buffer
		_, err := p.WriteTo(&page)
		require.NoError(t, err)
		assert.Contains(t, page.String(), "calls: OK")
	}
}

func TestTheResponseTimeCanTakeThePlaceOfTheServiceTime(t *testing.T) {
	r := records(1)
	run := archived(t, r)
	text, _ := export(t, run, convert.Options{Format: convert.Vegeta, Response: true})
	got := read(t, text)[0]
	assert.True(t, got.Timestamp.Equal(r[0].Intended))
	assert.Equal(t, r[0].ResponseTime(), got.Latency)
	text, _ = export(t, run, convert.Options{Format: convert.Vegeta})
	got = read(t, text)[0]
	assert.True(t, got.Timestamp.Equal(r[0].Sent))
	assert.Equal(t, r[0].ServiceTime(), got.Latency)
}

func TestCSVHasEveryColumnAndRequest(t *testing.T) {
	text, report := export(t, archived(t, records(100)), convert.Options{Format: convert.CSV})
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 111)
	assert.Equal(t, convert.Report{Written: 110}, report, "those that were not sent are there")
	assert.Len(t, rows[0], len(query.Columns))
	at := map[string]string{}
	for i, name := range rows[0] {
		at[name] = rows[1][i]
	}
	first := records(1)[0]
	assert.Equal(t, "web", at["attack"])
	assert.Equal(t, "200", at["status"])
	assert.Equal(t, "true", at["open"])
	assert.Equal(t, "1769860800000000000", at["intended"])
	assert.Equal(t, first.ServiceTime().Nanoseconds(), ns(t, at["service_time"]))
	assert.Empty(t, at["server_route"])
	assert.Len(t, at["trace_id"], 32)
}

func ns(t *testing.T, text string) int64 {
	var n int64
	require.NoError(t, json.Unmarshal([]byte(text), &n))
	return n
}

func TestJSONLinesLeaveOutWhatIsMissing(t *testing.T) {
	where, err := query.Compile("outcome == 'not_sent' and attack == 'web'")
	require.NoError(t, err)
	columns, err := query.ColumnsOf([]string{"seq", "service_time", "not_sent_reason", "open", "runtime_cpu"})
	require.NoError(t, err)
	text, report := export(t, archived(t, records(20)), convert.Options{Format: convert.JSONL, Where: where, Columns: columns})
	assert.Equal(t, `{"seq":9,"not_sent_reason":"late","open":true}`+"\n"+`{"seq":19,"not_sent_reason":"late","open":true}`+"\n", text)
	assert.Equal(t, uint64(2), report.Written)
	all, _ := export(t, archived(t, records(20)), convert.Options{Format: convert.JSONL})
	for line := range strings.Lines(all) {
		require.True(t, json.Valid([]byte(line)), line)
	}
}

func TestK6sSummaryHasItsShape(t *testing.T) {
	const n = 1000
	run := archived(t, records(n))
	text, report := export(t, run, convert.Options{Format: convert.K6})
	assert.Equal(t, convert.Report{Written: n, NotSent: n / 10}, report)
	var handle struct {
		RootGroup map[string]any `json:"root_group"`
		State     struct {
			Duration float64 `json:"testRunDurationMs"`
		} `json:"state"`
		Metrics map[string]struct {
			Type, Contains string
			Values         map[string]float64
			Thresholds     map[string]struct{ OK bool }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &handle))
	assert.InDelta(t, 2000, handle.State.Duration, 0)
	d := handle.Metrics["http_req_duration"]
	assert.Equal(t, "trend", d.Type)
	assert.Equal(t, "time", d.Contains)
	assert.Equal(t, map[string]float64{"avg": 8e-6, "min": 8e-6, "med": 8e-6, "max": 8e-6, "p(90)": 8e-6, "p(95)": 8e-6, "p(99)": 8e-6}, d.Values)
	assert.InDelta(t, 900, handle.Metrics["http_reqs"].Values["count"], 0)
	assert.InDelta(t, 450, handle.Metrics["http_reqs"].Values["rate"], 0)
	failed := handle.Metrics["http_req_failed"].Values
	assert.InDelta(t, 900, failed["passes"]+failed["fails"], 0)
	assert.InDelta(t, failed["passes"]/900, failed["rate"], 1e-12, "what failed passes, as of k6")
	assert.InDelta(t, 100, handle.Metrics["dropped_iterations"].Values["count"], 0)
	assert.InDelta(t, 1, handle.Metrics["grpc_req_duration"].Values["med"], 0.006)
	assert.False(t, handle.Metrics["error_ratio"].Thresholds["the error ratio of all is at most 1 %"].OK)
	assert.True(t, handle.Metrics["response_time"].Thresholds["p99 of the response time is at most 1 s"].OK)
	assert.InDelta(t, 0.25, handle.Metrics["rate"].Values["value"], 0)

	text, _ = export(t, run, convert.Options{Format: convert.K6Export})
	var old struct {
		Metrics map[string]map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(text), &old))
	assert.InDelta(t, 8e-6, old.Metrics["http_req_duration"]["p(95)"], 0)
	assert.InDelta(t, failed["rate"], old.Metrics["http_req_failed"]["value"], 0)
	assert.Equal(t, map[string]any{"the error ratio of all is at most 1 %": true}, old.Metrics["error_ratio"]["thresholds"], "true is breached")
}

func TestAnEmptyRunIsExported(t *testing.T) {
	run := archived(t, nil)
	for _, f := range convert.Formats() {
		_, report := export(t, run, convert.Options{Format: f})
		assert.Zero(t, report.Written, f)
	}
}

// A program that reads the file must get what was there; a terminal must not obey it.
func TestHostileTextsAreEscapedInEveryFormat(t *testing.T) {
	const hostile = "=cmd|' /C calc'!A0,\"x\"\x1b]0;title\x07\r\n\u202e##[error]"
	r := records(10)
	for _, one := range r {
		one.Target = &loadgen.Target{Method: hostile, URL: "http://h/" + hostile, Host: hostile}
		if one.Outcome == loadgen.Failed {
			one.ErrorText, one.Error = hostile, loadgen.ErrorKind(hostile)
		}
		one.Excerpt = hostile
	}
	run := archived(t, r, hostile, "calls"+hostile)
	for _, f := range convert.Formats() {
		text, _ := export(t, run, convert.Options{Format: f})
		for _, c := range []string{"\x1b", "\x07", "\u202e", "##[error]"} {
			if f != convert.Vegeta || c != "\x07" { // gob has lengths of 7
				assert.NotContains(t, text, c, f)
			}
		}
		if f != convert.K6 && f != convert.K6Export {
			assert.Contains(t, text, "=cmd|' /C calc'!A0,", f)
		}
	}
}

func TestAnExportEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := convert.Export(ctx, io.Discard, archived(t, records(2000)), convert.Options{Format: convert.CSV})
	require.ErrorIs(t, err, context.Canceled)
}

// broken is a writer that takes nothing.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAnExportEndsWithItsReader(t *testing.T) {
	run := archived(t, records(10_000))
	for _, f := range convert.Formats() {
		_, err := convert.Export(context.Background(), broken{}, run, convert.Options{Format: f})
		require.ErrorIs(t, err, io.ErrClosedPipe, f)
	}
}

func BenchmarkExportVegeta(b *testing.B) {
	run := archived(b, records(100_000))
	for b.Loop() {
		if _, err := convert.Export(context.Background(), io.Discard, run, convert.Options{Format: convert.Vegeta}); err != nil {
			b.Fatal(err)
		}
	}
}

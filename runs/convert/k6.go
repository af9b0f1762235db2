package convert

import (
	"bufio"
	"context"
	"encoding/json"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/foreign"
)

// k6Columns are what k6's figures are made of.
var k6Columns = []string{
	"intended", "sent", "service_time", "response_time", "outcome", "error_type", "not_sent_reason", "status", "rpc", "open",
	"phase_connection", "phase_dns", "phase_connect", "phase_tls", "phase_write", "phase_wait", "phase_read",
}

// exportK6 writes k6's summary, from the requests themselves, so that it is of those that
// meet a condition, and of a run without a summary, too.
func exportK6(ctx context.Context, w *bufio.Writer, run *archive.Run, o Options) (Report, error) {
	f := newK6Figures(run.Info().Began)
	if err := each(ctx, run, o.Where, k6Columns, func(r *archive.Request) error {
		f.add(r)
		return nil
	}); err != nil {
		return Report{}, err
	}
	out := f.summary(run.Info())
	value := out.HandleSummary()
	if o.Format == K6Export {
		value = out.SummaryExport()
	}
	text, err := json.MarshalIndent(value, "", "    ")
	if err != nil {
		return Report{}, err
	}
	_, err = w.Write(append(plaintext.JSON(text), '\n'))
	return Report{Written: f.http + f.rpc, NotSent: f.notSent}, err
}

// k6Figures are what k6 would have counted.
type k6Figures struct {
	began time.Time
	end   time.Time // of the last request

	http, rpc, notSent, bad uint64
	due, errors             uint64 // as the metric error_ratio counts them
	trends                  map[string]*trend
}

func newK6Figures(began time.Time) *k6Figures {
	return &k6Figures{began: began, end: began, trends: map[string]*trend{}}
}

func (f *k6Figures) trend(name string, d time.Duration) {
	t := f.trends[name]
	if t == nil {
		t = newTrend()
		f.trends[name] = t
	}
	t.add(d)
}

func (f *k6Figures) add(r *archive.Request) {
	cut := r.Outcome == loadgen.Failed && r.ErrorType == string(loadgen.ErrorCancelled)
	if !cut && (r.Outcome != loadgen.NotSent || r.NotSentReason.Due()) {
		f.due++
		if !r.OK() {
			f.errors++
		}
	}
	if r.Sent == 0 {
		f.notSent++
		return
	}
	if end := time.Unix(0, r.Done()); end.After(f.end) {
		f.end = end
	}
	if r.RPC {
		f.rpc++
		f.trend("grpc_req_duration", r.ServiceTime)
	} else {
		f.http++
		f.phases(r)
		if !r.OK() {
			f.bad++
		}
	}
	f.times(r)
}

// phases are k6's times of an HTTP request. Its duration has no connection in it.
func (f *k6Figures) phases(r *archive.Request) {
	duration := r.Write + r.Wait + r.Read
	f.trend("http_req_duration", duration)
	if r.OK() {
		f.trend("http_req_duration{expected_response:true}", duration)
	}
	f.trend("http_req_blocked", r.Connection+r.DNS)
	f.trend("http_req_connecting", r.Connect)
	f.trend("http_req_tls_handshaking", r.TLS)
	f.trend("http_req_sending", r.Write)
	f.trend("http_req_waiting", r.Wait)
	f.trend("http_req_receiving", r.Read)
}

// times are ours, under our names, and k6's of an iteration, which here is a request.
func (f *k6Figures) times(r *archive.Request) {
	f.trend("iteration_duration", r.ServiceTime)
	f.trend("service_time", r.ServiceTime)
	if r.Intended == 0 {
		return
	}
	f.trend("response_time", r.ResponseTime)
	if r.Open {
		f.trend("schedule_lag", r.ScheduleLag())
	}
}

func (f *k6Figures) summary(info *archive.Info) *foreign.K6 {
	out := &foreign.K6{Duration: f.end.Sub(f.began), Metrics: map[string]foreign.K6Metric{}}
	if info.Summary != nil {
		out.Duration = info.Summary.Elapsed.Duration()
	}
	for name, t := range f.trends {
		out.Metrics[name] = foreign.K6Metric{Type: "trend", Contains: "time", Values: t.values()}
	}
	counter := func(name string, n uint64) {
		values := map[string]float64{"count": float64(n), "rate": 0}
		if s := out.Duration.Seconds(); s > 0 {
			values["rate"] = float64(n) / s
		}
		out.Metrics[name] = foreign.K6Metric{Type: "counter", Contains: "default", Values: values}
	}
	counter("iterations", f.http+f.rpc)
	if f.notSent > 0 {
		counter("dropped_iterations", f.notSent)
	}
	if f.http > 0 {
		counter("http_reqs", f.http)
		out.Metrics["http_req_failed"] = ratio(f.bad, f.http)
	}
	if f.due > 0 {
		out.Metrics["error_ratio"] = ratio(f.errors, f.due)
	}
	if info.Summary != nil {
		thresholds(out, info.Summary.Verdict.Thresholds)
	}
	return out
}

// ratio is a rate of k6's, where what is counted passes.
func ratio(n, of uint64) foreign.K6Metric {
	return foreign.K6Metric{Type: "rate", Contains: "default", Values: map[string]float64{
		"rate": float64(n) / float64(of), "passes": float64(n), "fails": float64(of - n),
	}}
}

// thresholds adds those of the run to the metrics of their names. One without samples was
// not kept to.
func thresholds(to *foreign.K6, results []verdict.Result) {
	for i := range results {
		r := &results[i]
		name := string(r.Metric)
		m, ok := to.Metrics[name]
		if !ok {
			m = foreign.K6Metric{Type: "gauge", Contains: "default", Values: map[string]float64{}}
			if r.Value != nil {
				m.Values["value"] = *r.Value
			}
		}
		if m.Thresholds == nil {
			m.Thresholds = map[string]bool{}
		}
		m.Thresholds[r.Threshold] = r.Outcome == verdict.Passed
		to.Metrics[name] = m
	}
}

package session

import (
	"fmt"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// rejected is what an endpoint took deliveries without: OTLP's partial success.
type rejected struct {
	spans, points, records uint64
	message                string // the first, of the endpoint's own words
}

// partialSuccess is the line that the collector's exporters log of such an answer, with
// the counts in its fields. They return no error, and tell of it in no other way.
const partialSuccess = "Partial success response"

// partials takes these lines of an exporter's log, and leaves the others.
type partials struct {
	zapcore.Core
	by *endpoint
}

func (e *endpoint) watchLog(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core { return partials{core, e} }))
}

// With implements zapcore.Core.
func (p partials) With(fields []zapcore.Field) zapcore.Core {
	return partials{p.Core.With(fields), p.by}
}

// Check implements zapcore.Core. The core within may sample, and must not here.
func (p partials) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if e.Message == partialSuccess {
		return checked.AddCore(e, p)
	}
	return p.Core.Check(e, checked)
}

// Write implements zapcore.Core, for the lines that Check has taken.
func (p partials) Write(_ zapcore.Entry, fields []zapcore.Field) error {
	p.by.mu.Lock()
	defer p.by.mu.Unlock()
	r := &p.by.rejected
	for _, f := range fields {
		n := uint64(max(0, f.Integer))
		switch f.Key {
		case "dropped_spans":
			r.spans += n
		case "dropped_data_points":
			r.points += n
		case "dropped_log_records":
			r.records += n
		case "message":
			if r.message == "" {
				r.message = plaintext.Line(f.String)
			}
		}
	}
	return nil
}

// reject counts in a summary what the endpoint rejected as lost. Spans of the target's that
// it rejected are among them: it does not say whose they are.
func (e *endpoint) reject(address string, sum *summary.Summary) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, t := e.rejected, &sum.Telemetry
	if sum.RunID == "" || r.spans+r.points+r.records == 0 {
		return
	}
	t.Lose(r.spans, sum.Total.Requests.Sent())
	t.MetricsDropped += r.points
	t.LogsDropped += r.records
	var what []string
	for _, one := range []struct {
		n    uint64
		noun string
	}{{r.spans, "spans"}, {r.points, "metric points"}, {r.records, "log records"}} {
		if one.n > 0 {
			what = append(what, fmt.Sprintf("%d %s", one.n, one.noun))
		}
	}
	fault := fmt.Sprintf("the endpoint of --otlp, %s, rejected %s", loadgen.RedactURL(address), strings.Join(what, ", "))
	if r.message != "" {
		fault += ": " + r.message
	}
	sum.Faults = append(sum.Faults, fault)
	sum.Verdict.Doubt(fault)
}

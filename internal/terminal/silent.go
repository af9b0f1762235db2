package terminal

import (
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// exports is what SDKs export of each signal, and what has them export it.
var exports = []struct{ signal, what, check string }{
	{"traces", "server spans", "OTEL_TRACES_EXPORTER and its sampler"},
	{"metrics", "runtime metrics", "OTEL_METRICS_EXPORTER, and that OTEL_METRIC_EXPORT_INTERVAL (60 s by default) is shorter than the run"},
	{"logs", "log lines with a trace id", "OTEL_LOGS_EXPORTER"},
}

// aside says what else there is to say of a join, below it or in its place.
func (p *printer) aside(j *summary.Join) {
	if j == nil {
		return
	}
	sentences := slices.Concat(j.Errors, j.Advice)
	if advice := silent(j); advice != "" {
		sentences = append(sentences, advice)
	}
	titled := j.Complete+j.Partial > 0
	for _, s := range sentences {
		for _, l := range wrap(p.clean(s), p.width()-12) {
			label := spaces(9)
			if !titled {
				label, titled = p.paint(bold, left("join", 9)), true
			}
			p.line(label + "  " + l)
		}
	}
}

// silent says why a target that sends one signal may not send another, and what to do. Each
// signal has an exporter of its own, with a connection of its own.
func silent(j *summary.Join) string {
	if len(j.Observed) == 0 || len(j.Observed) == len(exports) {
		return ""
	}
	var missing, checks []string
	for _, e := range exports {
		if !slices.Contains(j.Observed, e.signal) {
			missing, checks = append(missing, e.what), append(checks, e.check)
		}
	}
	return "the target sends " + strings.Join(j.Observed, " and ") + ", but no " + strings.Join(missing, " and no ") +
		". An OTLP exporter over gRPC whose connection was refused does not retry for up to 2 minutes: restart the target, or run again in 2 minutes." +
		" Otherwise check " + strings.Join(checks, ", and ") + " at the target."
}

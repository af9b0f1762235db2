package runarchiveexporter

import (
	"cmp"
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// maxBody bounds what is kept of a line, in bytes.
const maxBody = 1024

// events takes the lines that the join has put on a client span.
func (o *open) events(row *archive.Request, span ptrace.Span) {
	for _, e := range span.Events().All() {
		if e.Name() != attr.EventLog {
			continue
		}
		a := e.Attributes()
		line := archive.Line{
			Time: int64(e.Timestamp()), Request: true, AttackIndex: row.AttackIndex, Seq: row.Seq, TraceID: span.TraceID().String(),
			SpanID: str(a, attr.LogSpan), Service: str(a, attr.LogService), Severity: str(a, attr.LogSeverity),
		}
		_, line.BodyCut = a.Get(attr.LogBodyCut)
		line.Body, line.BodyCut = body(str(a, attr.LogBody), line.BodyCut)
		o.Line(&line)
	}
}

// lines takes those of the targets; the run's own events are in run.json.
func (k *keeper) lines(ld plog.Logs) {
	all := k.all()
	if len(all) == 0 {
		return
	}
	for _, rl := range ld.ResourceLogs().All() {
		service := str(rl.Resource().Attributes(), attr.ServiceName)
		if service == attr.ServiceLoadtrace {
			continue
		}
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				k.line(all, service, r)
			}
		}
	}
}

// line gives a line to the archive of the run whose request wrote it, or to all that are
// open if none did.
func (k *keeper) line(all []*open, service string, r plog.LogRecord) {
	line := archive.Line{
		Time: int64(cmp.Or(r.Timestamp(), r.ObservedTimestamp())), Service: service,
		Severity: strings.ToUpper(plaintext.Line(cmp.Or(r.SeverityText(), severity(r.SeverityNumber())))),
	}
	line.Body, line.BodyCut = body(r.Body().AsString(), false)
	if id := r.TraceID(); !id.IsEmpty() {
		line.TraceID = hex.EncodeToString(id[:])
		for _, o := range all {
			if attack, seq, ok := o.request(loadgen.TraceID(id)); ok {
				line.Request, line.AttackIndex, line.Seq = true, attack, seq
				all = []*open{o}
				break
			}
		}
	}
	if id := r.SpanID(); !id.IsEmpty() {
		line.SpanID = hex.EncodeToString(id[:])
	}
	for _, o := range all {
		o.Line(&line)
	}
}

func severity(n plog.SeverityNumber) string {
	if n == plog.SeverityNumberUnspecified {
		return ""
	}
	return n.String()
}

// body is a line's text without what is not visible, and whether it was cut.
func body(text string, cut bool) (string, bool) {
	if len(text) > maxBody {
		text, cut = strings.ToValidUTF8(text[:maxBody], ""), true
	}
	return plaintext.Line(text), cut
}

// str is a text attribute, in one line; empty if there is none.
func str(a pcommon.Map, key string) string {
	v, ok := a.Get(key)
	if !ok {
		return ""
	}
	return plaintext.Line(v.AsString())
}

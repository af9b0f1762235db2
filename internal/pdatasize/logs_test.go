package pdatasize

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
)

func TestEveryFieldOfALogRecordCountsAsWhatItTakes(t *testing.T) {
	for name, fill := range map[string]func(rl plog.ResourceLogs, r plog.LogRecord, i int){
		"nothing":         func(plog.ResourceLogs, plog.LogRecord, int) {},
		"a body":          func(_ plog.ResourceLogs, r plog.LogRecord, i int) { r.Body().SetStr(own(i)) },
		"a body of bytes": func(_ plog.ResourceLogs, r plog.LogRecord, i int) { r.Body().SetEmptyBytes().FromRaw([]byte(own(i))) },
		"a body of a map": func(_ plog.ResourceLogs, r plog.LogRecord, i int) { r.Body().SetEmptyMap().PutStr("k", own(i)) },
		"a severity":      func(_ plog.ResourceLogs, r plog.LogRecord, i int) { r.SetSeverityText(own(i)) },
		"an event's name": func(_ plog.ResourceLogs, r plog.LogRecord, i int) { r.SetEventName(own(i)) },
		"a text":          func(_ plog.ResourceLogs, r plog.LogRecord, i int) { r.Attributes().PutStr("k", own(i)) },
		"many attributes": func(_ plog.ResourceLogs, r plog.LogRecord, i int) { many(r.Attributes()) },
		"a resource":      func(rl plog.ResourceLogs, _ plog.LogRecord, i int) { rl.Resource().Attributes().PutStr("k", own(i)) },
		"a schema":        func(rl plog.ResourceLogs, _ plog.LogRecord, i int) { rl.SetSchemaUrl(own(i)) },
		"a scope":         func(rl plog.ResourceLogs, _ plog.LogRecord, i int) { rl.ScopeLogs().At(0).Scope().SetVersion(own(i)) },
		"many records": func(rl plog.ResourceLogs, _ plog.LogRecord, i int) {
			for range 50 {
				rl.ScopeLogs().At(0).LogRecords().AppendEmpty().Body().SetInt(int64(i))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			isAsEstimated(t, func(i int) (any, int) {
				ld := plog.NewLogs()
				rl := ld.ResourceLogs().AppendEmpty()
				fill(rl, rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty(), i)
				return ld, Logs(ld)
			})
		})
	}
}

package pdatasize

import "go.opentelemetry.io/collector/pdata/plog"

const recordBytes = 160

// Logs returns the size of a payload.
func Logs(ld plog.Logs) (n int) {
	for _, rl := range ld.ResourceLogs().All() {
		n += resource(rl.Resource(), rl.SchemaUrl())
		for _, sl := range rl.ScopeLogs().All() {
			n += scope(sl.Scope(), sl.SchemaUrl())
			for _, r := range sl.LogRecords().All() {
				n += recordBytes + len(r.SeverityText()) + len(r.EventName()) + content(r.Body()) + Map(r.Attributes())
			}
		}
	}
	return n
}

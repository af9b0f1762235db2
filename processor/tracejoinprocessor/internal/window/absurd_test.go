package window_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/window"
)

// One event of a cycle without an end in sight met every request from then on, and a pause
// of years was written on spans.
func TestACycleThatCannotBeTrueIsNotRead(t *testing.T) {
	for name, change := range map[string]func(put func(key string, v any)){
		"of hours":         func(put func(string, any)) { put(goruntime.AttrGCEnd, epoch.UnixNano()+int64(2*3600e9)) },
		"without an end":   func(put func(string, any)) { put(goruntime.AttrGCEnd, int64(math.MaxInt64)) },
		"since 1970":       func(put func(string, any)) { put(goruntime.AttrGCStartEarliest, int64(1)) },
		"a pause of years": func(put func(string, any)) { put(goruntime.AttrGCPause, 1e9) },
		"a pause below 0":  func(put func(string, any)) { put(goruntime.AttrGCPause, -1.0) },
		"no pause at all":  func(put func(string, any)) { put(goruntime.AttrGCPause, math.NaN()) },
	} {
		ld := events("a", cycle{number: 1, earliest: 10, latest: 11, end: 20})
		a := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
		change(func(key string, v any) {
			switch v := v.(type) {
			case int64:
				a.PutInt(key, v)
			case float64:
				a.PutDouble(key, v)
			}
		})
		assert.Zero(t, window.NewStore().ReadLogs(ld), name)
	}
}

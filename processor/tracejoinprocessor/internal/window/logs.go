package window

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/loadtrace/loadtrace/goruntime"
)

// ReadLogs takes the GC cycles of a payload, which are events of goruntime, and does
// not keep it. It returns how many there were. See Store.Pause.
func (s *Store) ReadLogs(ld plog.Logs) (read int) {
	for _, rl := range ld.ResourceLogs().All() {
		s.step()
		var of *member[cycles]
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				s.step()
				c, ok := cycleOf(r)
				if !ok {
					continue
				}
				if of == nil {
					of = s.cycles.member(IdentityOf(rl.Resource()))
				}
				of.value.put(c)
				of.updated = max(of.updated, c.End)
				read++
			}
		}
	}
	return read
}

// IsEvent reports whether a record is an event of a runtime, and not a log record of a request.
func IsEvent(r plog.LogRecord) bool { return r.EventName() == goruntime.EventGCCycle }

// cycleOf an event; ok is false if it is none, or its times cannot be.
func cycleOf(r plog.LogRecord) (c Cycle, ok bool) {
	if !IsEvent(r) {
		return c, false
	}
	a := r.Attributes()
	number := integer(a, goruntime.AttrGCNumber)
	c = Cycle{
		Number:   uint64(max(0, number)),
		Earliest: integer(a, goruntime.AttrGCStartEarliest),
		Latest:   integer(a, goruntime.AttrGCStartLatest),
		End:      integer(a, goruntime.AttrGCEnd),
	}
	if v, there := a.Get(goruntime.AttrGCPause); there {
		if s := v.Double(); !(s >= 0 && s <= anHour) {
			return c, false
		}
		c.Pause = time.Duration(math.Round(v.Double() * 1e9))
	}
	return c, number > 0 && c.Earliest > 0 && c.Earliest <= c.Latest && c.Latest <= c.End && c.End-c.Earliest <= anHour*int64(time.Second)
}

// integer of an attribute, 0 if there is none.
func integer(a pcommon.Map, key string) int64 {
	if v, ok := a.Get(key); ok && v.Type() == pcommon.ValueTypeInt {
		return v.Int()
	}
	return 0
}

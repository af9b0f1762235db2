package loadmetrics

import (
	"cmp"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/loadtrace/loadtrace/loadgen"
)

// exemplar is a measurement and the span it was taken from.
type exemplar struct {
	value float64
	at    time.Time
	trace loadgen.TraceID
	span  loadgen.SpanID
}

// keeper chooses a series' exemplars: half of the room goes to the highest
// values, the other half to a uniform sample of all the others (Vitter,
// "Random sampling with a reservoir", ACM TOMS 1985, algorithm R).
type keeper struct {
	room    int
	highest []exemplar
	sample  []exemplar
	others  uint64 // measurements that were not, or are no longer, among the highest
}

// add offers a measurement. The random number is uniform over 64 bits.
func (k *keeper) add(e exemplar, random uint64) {
	high := (k.room + 1) / 2
	if len(k.highest) < high {
		k.highest = append(k.highest, e)
		return
	}
	if high == 0 {
		return
	}
	lowest := 0
	for i := range k.highest {
		if k.highest[i].value < k.highest[lowest].value {
			lowest = i
		}
	}
	if e.value > k.highest[lowest].value {
		e, k.highest[lowest] = k.highest[lowest], e
	}
	k.addOther(e, random)
}

func (k *keeper) addOther(e exemplar, random uint64) {
	k.others++
	if len(k.sample) < k.room/2 {
		k.sample = append(k.sample, e)
		return
	}
	// The bias of the modulo is below 2^-30 for any count that a run can reach.
	if i := random % k.others; i < uint64(len(k.sample)) {
		k.sample[i] = e
	}
}

// moveTo writes the exemplars by (time, value) and forgets them: none is ever
// sent twice. None is later than its point, whose time a stepped clock may have
// put before the records': a point is of what was measured until then.
func (k *keeper) moveTo(dst pmetric.ExemplarSlice, until time.Time) {
	all := append(k.highest, k.sample...)
	for i := range all {
		if all[i].at.After(until) {
			all[i].at = until
		}
	}
	slices.SortFunc(all, func(a, b exemplar) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.value, b.value))
	})
	dst.EnsureCapacity(len(all))
	for i := range all {
		e := dst.AppendEmpty()
		e.SetTimestamp(pcommon.NewTimestampFromTime(all[i].at))
		e.SetDoubleValue(all[i].value)
		e.SetTraceID(pcommon.TraceID(all[i].trace))
		e.SetSpanID(pcommon.SpanID(all[i].span))
	}
	k.highest, k.sample, k.others = k.highest[:0], k.sample[:0], 0
}

package window

import (
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// collection is how far apart the times of one collection's points may be, which
// SDKs stamp one after another. They make one sample, at the time of the first.
const collection = time.Millisecond

// batch collects the samples of one instance.
type batch struct {
	key     batchKey
	store   *Store
	of      *member[series]
	samples []Sample      // by when they came first; at most batchSamples
	ranks   [][fields]int // of the sample's figures, plus one
	at      map[int64]int // indices of samples, by the millisecond of their time
	used    int
}

// batchSamples bounds the samples of a batch. Of more, those go that are too old for the
// ring: its own number stays.
const batchSamples = 4 * RingSamples

func (b *batch) number(src source, p pmetric.NumberDataPoint, delta bool) {
	v := p.DoubleValue()
	if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
		v = float64(p.IntValue())
	}
	switch {
	case src.pick == processStart:
		b.samples[b.index(p.Timestamp())].ProcessStart = v
		b.used++
	case delta:
		b.grow(src, p.Timestamp(), p.StartTimestamp(), v)
	default:
		b.put(src, p.Timestamp(), p.StartTimestamp(), v, true)
	}
}

func (b *batch) histogram(src source, p pmetric.HistogramDataPoint, delta bool) {
	switch src.pick {
	case schedule:
		v, since, ok := b.of.value.schedule.p99(p, delta)
		if !ok || p.Timestamp() == 0 {
			return
		}
		if s, ok := b.sample(src, p.Timestamp()); ok {
			s.V[src.field], s.Since = v, since
		}
	case sum:
		if delta && p.HasSum() {
			b.grow(src, p.Timestamp(), p.StartTimestamp(), p.Sum())
			return
		}
		b.put(src, p.Timestamp(), p.StartTimestamp(), p.Sum(), p.HasSum())
	case count:
		b.put(src, p.Timestamp(), p.StartTimestamp(), float64(p.Count()), !delta)
	}
}

// grow adds a delta to those before, and has the sample of its time hold what they
// add up to. One that is not later than all of earlier payloads was sent again. One
// that begins after the last one's end is the first of a new count: one is missing.
func (b *batch) grow(src source, ts, start pcommon.Timestamp, d float64) {
	if int64(ts) <= b.of.updated && b.of.updated-int64(ts) <= setBack {
		return
	}
	if !src.field.grows(d, time.Duration(max(0, int64(ts)-int64(start)))) {
		b.of.value.refused = int64(ts)
		return
	}
	total := &b.of.value.sums[src.field][src.rank]
	if int64(start) > total.until+int64(collection) || total.until-int64(ts) > setBack {
		*total = running{since: int64(start)}
	}
	total.v += d
	total.until = max(total.until, int64(ts))
	if s, ok := b.sample(src, ts); ok {
		s.V[src.field], s.Start[src.field] = total.v, total.since
	}
}

// put adds a figure to the sample of its time.
func (b *batch) put(src source, ts, start pcommon.Timestamp, v float64, ok bool) {
	if !ok || ts == 0 {
		return
	}
	if s, ok := b.sample(src, ts); ok {
		s.add(src.field, v, int64(start))
	}
}

// index of the sample of a time, which is made if there is none. Samples are further
// apart than a collection, so that no two have one bucket, and each that is near is in the
// bucket of the time or in one beside it.
func (b *batch) index(ts pcommon.Timestamp) int {
	at, found := bucket(int64(ts)), -1
	for k := at - 1; k <= at+1; k++ {
		if i, ok := b.at[k]; ok && time.Duration(int64(ts)-b.samples[i].At).Abs() <= collection && (found < 0 || i < found) {
			found = i
		}
	}
	if found >= 0 {
		return found
	}
	if len(b.samples) >= batchSamples {
		b.prune()
	}
	if b.at == nil {
		b.at = map[int64]int{}
	}
	i := len(b.samples)
	b.at[at] = i
	b.samples = append(b.samples, newSample(int64(ts)))
	b.ranks = append(b.ranks, [fields]int{})
	return i
}

// bucket of a time, of a collection's width.
func bucket(at int64) int64 {
	k := at / int64(collection)
	if at < 0 && at%int64(collection) != 0 {
		k--
	}
	return k
}

// prune leaves the latest samples, as many as a ring has.
func (b *batch) prune() {
	times := make([]int64, 0, len(b.samples))
	for i := range b.samples {
		times = append(times, b.samples[i].At)
	}
	slices.Sort(times)
	oldest := times[len(times)-RingSamples]
	samples, ranks := b.samples[:0], b.ranks[:0]
	clear(b.at)
	for i := range b.samples {
		if b.samples[i].At >= oldest {
			b.at[bucket(b.samples[i].At)] = len(samples)
			samples, ranks = append(samples, b.samples[i]), append(ranks, b.ranks[i])
		}
	}
	b.samples, b.ranks = samples, ranks
}

// sample of a time, without the figure if only lower ranks have reported it; ok is false
// if a higher one has.
func (b *batch) sample(src source, ts pcommon.Timestamp) (s *Sample, ok bool) {
	b.used++
	i := b.index(ts)
	s = &b.samples[i]
	switch rank := &b.ranks[i][src.field]; {
	case src.rank+1 < *rank:
		return nil, false
	case src.rank+1 > *rank:
		*rank = src.rank + 1
		s.V[src.field] = math.NaN()
	}
	return s, true
}

func (b *batch) finish() {
	for i := range b.samples {
		b.store.step()
		if b.samples[i].dropImplausible(&b.ranks[i]) {
			b.of.value.refused = b.samples[i].At
		}
		b.of.value.put(&b.samples[i])
		if at := b.samples[i].At; at > b.of.updated || b.of.updated-at > setBack {
			b.of.updated = at
		}
	}
}

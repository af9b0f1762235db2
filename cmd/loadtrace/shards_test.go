package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lightstep/go-expohisto/mapping"
	"github.com/lightstep/go-expohisto/mapping/exponent"
	"github.com/lightstep/go-expohisto/mapping/logarithm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

const shardCount = 3

const splitPlan = `name: split
attacks:
  - name: web
    http: {url: %[1]s, max_connections: 30}
    load:
      - {constant: 151/s, duration: 1s}
      - {ramp: {from: 20/s, to: 300/s}, duration: 1500ms}
      - {poisson: {rate: 120/s, seed: 3}, count: 101}
      - {max: {workers: 7}, count: 80}
  - name: more
    http: {url: %[1]s}
    load:
      - {constant: 33.3/s, duration: 3s}
trust: %[2]s
thresholds:
  - {metric: rate, at_least: 3/s} # 1/s each
  - {metric: rate, attack: more, at_least: 1%%}
`

// shards is what a sink gets of the shards of a run.
type shards struct {
	run       loadgen.RunID
	schedules []*pace.Schedule // of the whole plan's attacks
	names     map[string]int
	begin     time.Time

	seen      []map[uint64]int // by attack: how often a request came
	instances map[string]int   // the shard of each service.instance.id
	spans     map[pcommon.SpanID]bool
	responses []float64 // seconds, of all spans
	faults    []string
	// last are the latest points of each instance and series.
	last    map[string]pmetric.ExponentialHistogramDataPoint
	planned map[string]int64
}

func (p *shards) fault(format string, args ...any) {
	if len(p.faults) < 5 {
		p.faults = append(p.faults, fmt.Sprintf(format, args...))
	}
}

func (p *shards) take(td ptrace.Traces, md pmetric.Metrics) {
	for _, rs := range td.ResourceSpans().All() {
		shard := p.shard(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				p.takeSpan(shard, s)
			}
		}
	}
	for _, rm := range md.ResourceMetrics().All() {
		shard := p.shard(rm.Resource())
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				p.takeMetric(shard, m)
			}
		}
	}
}

// shard is the index of the shard that a resource is, which its instance keeps.
func (p *shards) shard(r pcommon.Resource) int {
	index, _ := r.Attributes().Get(attr.ShardIndex)
	count, _ := r.Attributes().Get(attr.ShardCount)
	instance, _ := r.Attributes().Get(attr.ServiceInstanceID)
	if count.Int() != int64(shardCount) {
		p.fault("a resource says that there are %d shards", count.Int())
	}
	if before, ok := p.instances[instance.Str()]; ok && before != int(index.Int()) {
		p.fault("instance %s is shards %d and %d", instance.Str(), before, index.Int())
	}
	p.instances[instance.Str()] = int(index.Int())
	return int(index.Int())
}

func (p *shards) takeSpan(shard int, s ptrace.Span) {
	if s.Name() == attr.SpanRun {
		trace, span := p.run.RunSpan(shard)
		if s.TraceID() != pcommon.TraceID(trace) || s.SpanID() != pcommon.SpanID(span) || p.spans[s.SpanID()] {
			p.fault("the span of shard %d is %s of trace %s", shard, s.SpanID(), s.TraceID())
		}
		p.spans[s.SpanID()] = true
		return
	}
	name, _ := s.Attributes().Get(attr.AttackName)
	number, _ := s.Attributes().Get(attr.Seq)
	response, _ := s.Attributes().Get(attr.ResponseTime)
	attack, seq := p.names[name.Str()], uint64(number.Int())
	p.seen[attack][seq]++
	p.responses = append(p.responses, response.Double())
	if seq%shardCount != uint64(shard) {
		p.fault("shard %d sent request %d", shard, seq)
	}
	if s.TraceID() != pcommon.TraceID(p.run.TraceID(attack, seq)) || s.SpanID() != pcommon.SpanID(p.run.SpanID(attack, seq)) {
		p.fault("request %d of %s is span %s of trace %s", seq, name.Str(), s.SpanID(), s.TraceID())
	}
	offset, open := p.schedules[attack].At(seq)
	intended, ok := s.Attributes().Get(attr.Intended)
	switch {
	case open != ok:
		p.fault("request %d of %s: has an intended time: %v", seq, name.Str(), ok)
	case open && intended.Int() != p.begin.Add(offset).UnixNano():
		p.fault("request %d of %s was intended %s off the plan", seq, name.Str(), time.Unix(0, intended.Int()).Sub(p.begin.Add(offset)))
	}
}

func (p *shards) takeMetric(shard int, m pmetric.Metric) {
	switch m.Name() {
	case attr.MetricResponseTime:
		for _, point := range m.ExponentialHistogram().DataPoints().All() {
			kept := pmetric.NewExponentialHistogramDataPoint()
			point.CopyTo(kept)
			p.last[fmt.Sprint(shard, point.Attributes().AsRaw())] = kept
		}
	case attr.MetricPlanned:
		for _, point := range m.Sum().DataPoints().All() {
			p.planned[fmt.Sprint(shard, point.Attributes().AsRaw())] = point.IntValue()
		}
	}
}

// buckets counts values by index at a scale.
type buckets map[int32]uint64

// merged adds up the points of all shards, at the coarsest of their scales.
func (p *shards) merged() (b buckets, scale int32, count uint64, sum float64) {
	scale, b = math.MaxInt32, buckets{}
	for _, point := range p.last {
		scale = min(scale, point.Scale())
	}
	for _, point := range p.last {
		count += point.Count()
		sum += point.Sum()
		positive := point.Positive()
		for i := range positive.BucketCounts().Len() {
			if n := positive.BucketCounts().At(i); n > 0 {
				b[(positive.Offset()+int32(i))>>(point.Scale()-scale)] += n
			}
		}
	}
	return b, scale, count, sum
}

func bucketed(t *testing.T, values []float64, scale int32) buckets {
	var m mapping.Mapping
	var err error
	if scale > 0 {
		m, err = logarithm.NewMapping(scale)
	} else {
		m, err = exponent.NewMapping(scale)
	}
	require.NoError(t, err)
	b := buckets{}
	for _, v := range values {
		b[m.MapToIndex(v)]++
	}
	return b
}

// The shards are processes of their own, as they are in a cluster.
func TestShardsSendExactlyThePlansScheduleAndTheirHistogramsAddUp(t *testing.T) {
	tg := newTestTarget(t)
	file := filepath.Join(t.TempDir(), "split.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, splitPlan, tg.url, trusting), 0o600))
	plan, err := planfile.Load(file)
	require.NoError(t, err)
	got, planned := newShards(t, plan)
	sink := newSink(t, "127.0.0.1:0")
	sink.mu.Lock() // of the sink's goroutines none has come yet
	sink.gets = got.take
	sink.mu.Unlock()

	var processes []*command
	for index := range shardCount {
		c := loadtrace(t, "run", file, "--json", "--otlp", sink.url, "--run-id", got.run.String(),
			"--shard", pace.Shard{Index: index, Count: shardCount}.String(), "--start-at", got.begin.Format(time.RFC3339Nano))
		require.NoError(t, c.Start())
		processes = append(processes, c)
	}
	got.checkSummaries(t, processes, planned)
	assert.EqualValues(t, planned, tg.hits.Load(), "requests at the target")
	requireMerged(t, processes, planned)

	sink.mu.Lock()
	defer sink.mu.Unlock()
	got.checkSpans(t, plan)
	got.checkMetrics(t, planned)
}

// newShards is what shards of a plan have sent so far, and how many requests they will.
func newShards(t *testing.T, plan *loadgen.Plan) (s *shards, planned uint64) {
	s = &shards{
		run: loadgen.NewRunID(), names: map[string]int{}, begin: time.Now().Add(4 * time.Second).UTC(),
		instances: map[string]int{}, spans: map[pcommon.SpanID]bool{},
		last: map[string]pmetric.ExponentialHistogramDataPoint{}, planned: map[string]int64{},
	}
	for i, a := range plan.Attacks {
		schedule, err := pace.New(a.Load)
		require.NoError(t, err)
		n, exact := schedule.Planned()
		require.True(t, exact)
		planned += n
		s.schedules, s.names[a.Name] = append(s.schedules, schedule), i
		s.seen = append(s.seen, map[uint64]int{})
	}
	return s, planned
}

func (s *shards) checkSummaries(t *testing.T, processes []*command, planned uint64) {
	var told, finished uint64
	for index, c := range processes {
		c.wait(t, 0)
		sum := c.summary(t)
		told += sum.Total.Requests.Planned
		finished += sum.Total.Requests.Finished
		require.NotNil(t, sum.Shard)
		assert.Equal(t, fmt.Sprintf("%d/%d", index, shardCount), sum.Shard.String())
		assert.Equal(t, sum.Shard.String(), sum.Verdict.Shard)
		assert.Equal(t, s.run.String(), sum.RunID)
		assert.Equal(t, s.begin.UnixNano(), sum.Began.UnixNano(), "all began at the agreed moment")
		assert.Equal(t, 1.0, sum.Verdict.Thresholds[0].Limit, "a shard's share of the rate")
		assert.Equal(t, 0.01, sum.Verdict.Thresholds[1].Limit, "a ratio is the same for all")
		assert.InDelta(t, float64(planned)/shardCount, float64(sum.Total.Requests.Planned), 2)
	}
	assert.Equal(t, planned, told, "the shards' summaries add up to the plan")
	assert.Equal(t, planned, finished)
}

func (s *shards) checkSpans(t *testing.T, plan *loadgen.Plan) {
	assert.Empty(t, s.faults)
	assert.Len(t, s.instances, shardCount, "series of shards do not collide")
	assert.Len(t, s.spans, shardCount, "each shard has a span of the run")
	for i, schedule := range s.schedules {
		n, _ := schedule.Planned()
		for seq := range n {
			require.Equal(t, 1, s.seen[i][seq], "request %d of %s", seq, plan.Attacks[i].Name)
		}
		assert.Len(t, s.seen[i], int(n))
	}
}

func (s *shards) checkMetrics(t *testing.T, planned uint64) {
	merged, scale, count, sum := s.merged()
	assert.Equal(t, planned, count)
	assert.Equal(t, bucketed(t, s.responses, scale), merged, "the histograms of the shards are together that of all requests")
	var seconds float64
	for _, v := range s.responses {
		seconds += v
	}
	assert.InEpsilon(t, seconds, sum, 1e-9)
	var points int64
	for _, n := range s.planned {
		points += n
	}
	assert.EqualValues(t, planned, points, "loadgen.requests_planned over all instances")
}

func TestWhatShardsMustAgreeOnIsAskedFor(t *testing.T) {
	file := writePlan(t, "http://127.0.0.1:1", "[{constant: 1/s, count: 10}]")
	loop := writePlan(t, "http://127.0.0.1:1", "[{max: {workers: 2}, duration: 1s}]")
	later := time.Now().Add(time.Hour).Format(time.RFC3339)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no run id":       {[]string{file, "--shard", "0/2", "--start-at", later}, "--run-id: is missing"},
		"no start":        {[]string{file, "--shard", "0/2", "--run-id", "0000000000000001"}, "--start-at: is missing"},
		"no such shard":   {[]string{file, "--shard", "2/2", "--run-id", "0000000000000001", "--start-at", later}, "the index counts from 0; write 0 to 1"},
		"no shard at all": {[]string{file, "--shard", "second"}, "write INDEX/COUNT"},
		"a bad run id":    {[]string{file, "--run-id", "7"}, "want 16 hexadecimal digits"},
		"a bad moment":    {[]string{file, "--start-at", "noon"}, "write RFC 3339"},
		"too late":        {[]string{file, "--start-at", "2026-01-31T12:00:00Z"}, "give all shards a later time"},
		"too few workers": {
			[]string{loop, "--shard", "0/3", "--run-id", "0000000000000001", "--start-at", later},
			"attacks[0].load[0].max.workers: 2 cannot be divided among 3 shards; raise it to 3, or make at most 2 shards",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := loadtrace(t, append([]string{"run"}, c.args...)...)
			cmd.run(t, 2)
			assert.Contains(t, cmd.err.String(), c.want)
		})
	}
}

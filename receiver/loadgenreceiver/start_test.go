package loadgenreceiver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/consumer/consumertest"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// A Job gives its pods their shard, the run and its beginning as variables. YAML
// would read the moment as a timestamp and a run id as a number.
func TestTheShardOfARunComesFromTheEnvironment(t *testing.T) {
	t.Setenv("RUN_ID", "0000000000000012")
	t.Setenv("START_AT", "2026-01-31T12:00:00Z")
	t.Setenv("JOB_COMPLETION_INDEX", "2")
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"file:testdata/shard.yaml"},
		ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, cfg.Validate(), "a moment that has passed is an error of the start, not of the configuration")

	id, err := cfg.runID()
	require.NoError(t, err)
	assert.Equal(t, "0000000000000012", id.String())
	at, err := cfg.startAt()
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), at)
	plan, err := cfg.plan(t.Context())
	require.NoError(t, err)
	assert.Equal(t, pace.Shard{Index: 2, Count: 8}, plan.Shard)
}

func TestShardsThatHaveNotAgreedAreRefused(t *testing.T) {
	cfg := newTarget(t).config("10/s", 20)
	cfg.Shard = ShardConfig{Index: 8, Count: 8}
	err := cfg.Validate()
	for _, want := range []string{"shard: there is no shard 8/8", "run_id: is missing", "start_at: is missing"} {
		assert.ErrorContains(t, err, want)
	}
	cfg.StartAt, cfg.StartDelay = "soon", time.Second
	err = cfg.Validate()
	assert.ErrorContains(t, err, `start_at: "soon" is not a time`)
	assert.ErrorContains(t, err, "start_delay: excludes start_at")
}

// To begin late would be a rush, and not together with the others.
func TestAStartThatHasPassedOrIsADayAheadIsRefused(t *testing.T) {
	for away, want := range map[time.Duration]string{
		-3 * time.Second: "had passed by 3",
		25 * time.Hour:   "give a moment within a day",
	} {
		target := newTarget(t)
		cfg := target.config("10/s", 20)
		cfg.StartAt = time.Now().Add(away).Format(time.RFC3339Nano)
		r, err := NewFactory().CreateTraces(t.Context(), settings(), cfg, new(consumertest.TracesSink))
		require.NoError(t, err)
		assert.ErrorContains(t, r.Start(t.Context(), componenttest.NewNopHost()), want)
		require.NoError(t, r.Shutdown(t.Context()))
		assert.Zero(t, target.asked.Load())
	}
}

func TestARunBeginsAtItsAgreedMomentAndAShardSaysWhichItIs(t *testing.T) {
	target := newTarget(t)
	cfg := target.config("100/s", 20)
	begin := time.Now().Add(400 * time.Millisecond)
	cfg.RunID, cfg.StartAt, cfg.Shard = "00112233445566ff", begin.Format(time.RFC3339Nano), ShardConfig{Index: 1, Count: 4}
	p, traces, metrics, logs := sinks()
	c := newCollector(t, settings(), cfg, p).start()
	sum := c.end()
	require.NoError(t, c.shutdown(10*time.Second))

	assert.Equal(t, begin.UnixNano(), sum.Began.UnixNano())
	assert.EqualValues(t, 5, sum.Total.Requests.Planned, "a quarter")
	assert.Equal(t, "1/4", sum.Shard.String())
	assert.Equal(t, "1/4", sum.Verdict.Shard)
	require.NotEmpty(t, traces.AllTraces())
	for _, td := range traces.AllTraces() {
		rs := td.ResourceSpans().At(0)
		assert.EqualValues(t, 1, rs.Resource().Attributes().AsRaw()[attr.ShardIndex])
		assert.EqualValues(t, 4, rs.Resource().Attributes().AsRaw()[attr.ShardCount])
		for _, s := range rs.ScopeSpans().At(0).Spans().All() {
			if seq, ok := s.Attributes().Get(attr.Seq); ok {
				assert.EqualValues(t, 1, seq.Int()%4)
				assert.False(t, s.StartTimestamp().AsTime().Before(begin), "nothing is sent before the beginning")
			}
		}
	}
	assert.EqualValues(t, 1, metrics.AllMetrics()[0].ResourceMetrics().At(0).Resource().Attributes().AsRaw()[attr.ShardIndex])
	assert.EqualValues(t, 1, logs.AllLogs()[0].ResourceLogs().At(0).Resource().Attributes().AsRaw()[attr.ShardIndex])
}

func TestARunIsStoppedWhileItWaitsForItsBeginning(t *testing.T) {
	target := newTarget(t)
	cfg := target.config("100/s", 20)
	cfg.StartAt = time.Now().Add(time.Hour).Format(time.RFC3339Nano)
	p, _, _, _ := sinks()
	c := newCollector(t, settings(), cfg, p).start()
	began := time.Now()
	require.NoError(t, c.shutdown(patience))
	assert.Less(t, time.Since(began), patience)
	sum := c.end()
	assert.EqualValues(t, 20, sum.Total.Requests.Unsent())
	assert.GreaterOrEqual(t, sum.Elapsed.Duration(), time.Duration(0))
	assert.Zero(t, target.asked.Load())
}

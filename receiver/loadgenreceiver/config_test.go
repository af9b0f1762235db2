package loadgenreceiver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/metadata"
)

func TestAConfigurationIsReadWithItsUnits(t *testing.T) {
	conf, err := confmaptest.LoadConf("testdata/config.yaml")
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(cfg))
	require.NoError(t, cfg.Validate())

	assert.Equal(t, 3*time.Second, cfg.StartDelay)
	assert.Equal(t, MetricsConfig{Interval: time.Second, Exemplars: 4}, cfg.Metrics)
	assert.Equal(t, SpansConfig{Batch: 100, FlushInterval: 50 * time.Millisecond}, cfg.Spans)
	assert.Equal(t, QueueConfig{MaxBytes: 64 << 20, DrainTimeout: time.Second}, cfg.Queue)
	plan, err := cfg.plan(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "smoke", plan.Name)
	assert.Equal(t, "http://127.0.0.1:9/set", plan.Attacks[0].HTTP.URL, "set replaces the plan's value")
	assert.Equal(t, "Bearer a:b", plan.Attacks[0].HTTP.Headers["Authorization"])
	assert.EqualValues(t, 10, plan.Attacks[0].Load[0].Constant)
	id, err := cfg.runID()
	require.NoError(t, err)
	assert.Equal(t, "00112233445566ff", id.String())
}

func TestEveryFaultOfAConfigurationIsReportedWithItsKey(t *testing.T) {
	cfg := &Config{RunID: "nonsense", StartDelay: -1, Metrics: MetricsConfig{Exemplars: -1}, Queue: QueueConfig{DrainTimeout: -1}}
	err := cfg.Validate()
	for _, key := range []string{
		"plan:", "run_id:", "start_delay:", "metrics::interval:", "metrics::exemplars:",
		"spans::batch:", "spans::flush_interval:", "sending_queue::max_bytes:", "sending_queue::drain_timeout:",
	} {
		assert.ErrorContains(t, err, key)
	}
}

func TestAPlanAndAPlanFileExcludeEachOther(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Plan, cfg.PlanFile = map[string]any{"name": "x"}, "plan.yaml"
	assert.ErrorContains(t, cfg.Validate(), "plan_file: excludes plan")
}

func TestAFaultOfAnInlinePlanNamesItsKey(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Plan = map[string]any{"name": "x", "attacks": []any{map[string]any{"name": "a", "htpp": 1}}}
	assert.ErrorContains(t, cfg.Validate(), "plan: attacks[0].htpp: ")
}

// Faults of a plan within a configuration once had a line and a column: those of a text
// that the receiver had made of it, which no user had seen.
func TestFaultsOfAnInlinePlanNameNoLineThatTheUserDidNotWrite(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Plan = map[string]any{"name": "x", "attacks": []any{map[string]any{"name": "a", "http": map[string]any{"url": "nonsense"}, "lod": 1}}}
	cfg.Set = []string{"attacks[0].http.method=G T"}
	err := cfg.Validate()
	require.Error(t, err)
	assert.NotRegexp(t, `plan:\d`, err.Error())
	assert.ErrorContains(t, err, "--set attacks[0].http.method: ")
}

// The plan of a configuration is read once, when it is checked.
func TestAnInlinePlanIsReadOnce(t *testing.T) {
	cfg := newTarget(t).config("100/s", 1)
	require.NoError(t, cfg.Validate())
	first, err := cfg.plan(t.Context())
	require.NoError(t, err)
	again, err := cfg.plan(t.Context())
	require.NoError(t, err)
	assert.Same(t, &first.Attacks[0], &again.Attacks[0])
}

func TestASizeNeedsToBeOne(t *testing.T) {
	conf := confmap.NewFromStringMap(map[string]any{"sending_queue": map[string]any{"max_bytes": "much"}})
	assert.ErrorContains(t, conf.Unmarshal(createDefaultConfig()), "256MiB")
	text, err := Size(64 << 20).MarshalText()
	require.NoError(t, err)
	var back Size
	require.NoError(t, back.UnmarshalText(text))
	assert.EqualValues(t, 64<<20, back)
}

// The collector has put the values of variables in already. A password with a $
// once lost it to a second replacement, or failed the configuration.
func TestValuesOfAnInlinePlanAreNotExpandedTwice(t *testing.T) {
	t.Setenv("LOADTRACE_TEST_BODY", "expanded")
	cfg := createDefaultConfig().(*Config)
	cfg.Plan = map[string]any{"name": "x", "attacks": []any{map[string]any{
		"name": "a",
		"http": map[string]any{"url": "http://127.0.0.1/", "body": "pa$$word ${env:LOADTRACE_TEST_BODY}"},
		"load": []any{map[string]any{"constant": "1/s", "count": 1}},
	}}}
	cfg.Set = []string{"attacks[0].http.headers.Cookie=pa$$word ${env:LOADTRACE_TEST_NONE}"}
	require.NoError(t, cfg.Validate())
	plan, err := cfg.plan(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "pa$$word ${env:LOADTRACE_TEST_BODY}", plan.Attacks[0].HTTP.Body)
	assert.Equal(t, "pa$$word ${env:LOADTRACE_TEST_NONE}", plan.Attacks[0].HTTP.Headers["Cookie"])
}

func TestAnInlinePlanMayAttackWhatTheReceiverAllowsOnly(t *testing.T) {
	s := newTarget(t)
	cfg := s.config("100/s", 1)
	cfg.AllowedTargets = []string{"192.0.2.0/24"}
	assert.ErrorContains(t, cfg.Validate(), "attacks[0].http.url: "+strings.TrimPrefix(s.URL, "http://")+" is not in allowed_targets")
	cfg.AllowedTargets = []string{"127.0.0.0/8", "http://x"}
	assert.ErrorContains(t, cfg.Validate(), "allowed_targets[1]")
	cfg.AllowedTargets = []string{"127.0.0.0/8"}
	assert.NoError(t, cfg.Validate())

	conf := confmap.NewFromStringMap(map[string]any{"plan": cfg.Plan, "allowed_targets": []any{}})
	empty := createDefaultConfig().(*Config)
	require.NoError(t, conf.Unmarshal(empty))
	assert.ErrorContains(t, empty.Validate(), "allowed_targets: is empty")
}

// A plan's file is not read when the configuration is checked, and a plan of the
// command line not at all: the receiver's list holds for them when the run begins.
func TestAPlanThatMayNotAttackItsTargetDoesNotStart(t *testing.T) {
	s := newTarget(t)
	file := filepath.Join(t.TempDir(), "plan.yaml")
	plan := "attacks: [{http: {url: '" + s.URL + "'}, load: [{constant: 100/s, count: 5}]}]\nlimits: {allowed_targets: [127.0.0.0/8]}\n"
	require.NoError(t, os.WriteFile(file, []byte(plan), 0o600))
	cfg := createDefaultConfig().(*Config)
	cfg.PlanFile, cfg.AllowedTargets = file, []string{"staging.test"}
	require.NoError(t, cfg.Validate())
	set := receivertest.NewNopSettings(metadata.Type)
	g, err := newGenerator(cfg, set, "one", Observer{})
	require.NoError(t, err)
	assert.ErrorContains(t, g.start(t.Context(), nil), "is not in allowed_targets")
	require.NoError(t, g.shutdown(t.Context()))
	assert.Zero(t, s.asked.Load())
}

package loadgenreceiver

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
)

// A program that has read a plan already must be able to run that very plan,
// whatever the configuration says.
func TestAPlanOfTheFactoryOverridesThatOfTheConfiguration(t *testing.T) {
	server := newTarget(t)
	plan, err := server.config("1000/s", 20).plan(t.Context())
	require.NoError(t, err)
	started := make(chan string, 1)
	f := NewFactory(WithPlan(plan), WithObserver(Observer{OnStart: func(h *Handle) {
		assert.Same(t, plan, h.Plan())
		started <- h.Plan().Name
	}}))
	for _, conf := range []map[string]any{
		nil,
		{"plan_file": "testdata/no-such-plan.yaml"},
		{"plan": map[string]any{"nonsense": 1}, "set": []any{"nonsense"}},
	} {
		cfg := f.CreateDefaultConfig().(*Config)
		require.NoError(t, confmap.NewFromStringMap(conf).Unmarshal(cfg))
		require.NoError(t, cfg.Validate())
		require.NoError(t, confmap.New().Marshal(cfg))
		r, err := f.CreateTraces(t.Context(), settings(), cfg, new(consumertest.TracesSink))
		require.NoError(t, err)
		require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
		assert.Equal(t, "test", await(t, started, "the run's start"))
		require.NoError(t, r.Shutdown(t.Context()))
	}
	assert.Error(t, NewFactory().CreateDefaultConfig().(*Config).Validate(), "other factories know nothing of it")
}

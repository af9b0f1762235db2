package logsource

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, base string, change func(*Config)) *Loki {
	c := DefaultConfig()
	c.HTTP.Endpoint = base
	if change != nil {
		change(&c)
	}
	require.NoError(t, c.Validate())
	l, err := New(t.Context(), c, nil, componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l
}

// collect keeps what is yielded.
type collect []logline.Line

func (c *collect) add(l logline.Line) { *c = append(*c, l) }

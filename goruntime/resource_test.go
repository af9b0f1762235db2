package goruntime_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/goruntime/environment"
)

func TestTheDetectorDescribesThisProcessBesideOthers(t *testing.T) {
	res, err := resource.New(t.Context(), resource.WithTelemetrySDK(), resource.WithProcessRuntimeName(), resource.WithDetectors(goruntime.Detector{}))
	require.NoError(t, err, "schema URLs once conflicted")
	texts := map[string]string{}
	for _, a := range res.Attributes() {
		texts[string(a.Key)] = a.Value.String()
	}
	e, ok := environment.Parse(texts)
	require.True(t, ok)
	here := environment.Here()
	assert.Equal(t, here.Fingerprint(), e.Fingerprint())
	assert.Equal(t, here.Fingerprint(), texts[environment.AttrFingerprint])
	assert.Equal(t, runtime.Version(), texts["process.runtime.version"])
	assert.Equal(t, "go", texts["telemetry.sdk.language"])
}

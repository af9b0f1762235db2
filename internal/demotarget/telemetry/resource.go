package telemetry

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

	"github.com/loadtrace/loadtrace/goruntime"
)

// describe is the resource of all three signals. Of the process it names what
// tells instances apart; its arguments, path and owner are nobody's business.
func describe(ctx context.Context, c Config) (*resource.Resource, error) {
	res, err := resource.New(ctx,
		resource.WithFromEnv(),
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithProcessPID(),
		resource.WithProcessExecutableName(),
		resource.WithProcessRuntimeName(),
		resource.WithProcessRuntimeVersion(),
		resource.WithAttributes(
			semconv.ServiceName(c.Service),
			semconv.ServiceInstanceID(c.Instance),
			semconv.ServiceVersion(version()),
		),
	)
	// A detector that finds nothing makes the resource poorer, not wrong.
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("describe the process: %w", err)
	}
	return res, nil
}

// placed is a resource with what the process runs in. Logs go without: a store of
// logs keeps such attributes beside each line.
func placed(ctx context.Context, res *resource.Resource) (*resource.Resource, error) {
	here, err := goruntime.Detector{}.Detect(ctx)
	if err != nil {
		return nil, err
	}
	return resource.Merge(here, res)
}

// version is the module's version as it was built, "(devel)" in a work tree.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

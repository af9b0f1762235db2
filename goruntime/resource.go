package goruntime

import (
	"context"
	"slices"

	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/loadtrace/loadtrace/goruntime/environment"
)

// Detector describes what the process runs on and how its runtime is set, so that
// whoever compares figures of the service sees whether its environments were the
// same:
//
//	res, err := resource.New(ctx, resource.WithDetectors(goruntime.Detector{}), …)
//
// Package environment has the attributes. Of the host's name there is only a hash. It
// is for providers of traces and metrics: a store of logs keeps such attributes beside
// each line.
type Detector struct{}

// Detect implements resource.Detector. It has no schema URL, so that it goes with
// detectors of any version of the conventions.
func (Detector) Detect(context.Context) (*resource.Resource, error) {
	here := environment.Here()
	return resource.NewSchemaless(slices.Clone(here.Attributes())...), nil
}

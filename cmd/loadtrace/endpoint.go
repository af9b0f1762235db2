package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// endpoint remembers why the exporters of --otlp could not deliver. The outbox and the
// join retry and count, and the error is gone by the time that something is lost.
type endpoint struct {
	mu   sync.Mutex // guards last
	last error
}

func (e *endpoint) observe(err error) error {
	if err == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.last == nil || !givenUp(err) {
		e.last = err
	}
	return err
}

// givenUp reports whether an error says no more than that somebody stopped waiting.
func givenUp(err error) bool {
	code := status.Code(err)
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		code == codes.Canceled || code == codes.DeadlineExceeded
}

// cause is the last error of a delivery, without what the exporter puts around it.
func (e *endpoint) cause() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if u, ok := errors.AsType[*url.Error](e.last); ok {
		return u.Err
	}
	if s, ok := status.FromError(e.last); ok && e.last != nil {
		return errors.New(s.Message())
	}
	return e.last
}

// blame adds to a summary why telemetry was lost, where the endpoint did not take it.
// It reports whether it did.
func (e *endpoint) blame(address string, sum *summary.Summary) bool {
	t, cause := &sum.Telemetry, e.cause()
	if address == "" || cause == nil || sum.RunID == "" || t.SpansDropped+t.LogsDropped+t.MetricsDropped == 0 {
		return false
	}
	fault := fmt.Sprintf("the endpoint of --otlp, %s, did not take all telemetry: %s; check that it listens there and takes OTLP",
		loadgen.RedactURL(address), cause)
	sum.Faults = slices.Insert(slices.Clone(sum.Faults), 0, fault)
	sum.Verdict.Doubt(fault)
	// The cause goes before what follows from it.
	reasons := sum.Verdict.Reasons
	sum.Verdict.Reasons = append([]string{fault}, reasons[:len(reasons)-1]...)
	return true
}

// observed makes exporters whose deliveries an endpoint observes.
type observed struct {
	exporter.Factory
	by *endpoint
}

func (o observed) CreateTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	made, err := o.Factory.CreateTraces(ctx, set, cfg)
	return observedTraces{made, o.by}, err
}

func (o observed) CreateMetrics(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	made, err := o.Factory.CreateMetrics(ctx, set, cfg)
	return observedMetrics{made, o.by}, err
}

func (o observed) CreateLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	made, err := o.Factory.CreateLogs(ctx, set, cfg)
	return observedLogs{made, o.by}, err
}

type observedTraces struct {
	exporter.Traces
	by *endpoint
}

func (o observedTraces) ConsumeTraces(ctx context.Context, t ptrace.Traces) error {
	return o.by.observe(o.Traces.ConsumeTraces(ctx, t))
}

type observedMetrics struct {
	exporter.Metrics
	by *endpoint
}

func (o observedMetrics) ConsumeMetrics(ctx context.Context, m pmetric.Metrics) error {
	return o.by.observe(o.Metrics.ConsumeMetrics(ctx, m))
}

type observedLogs struct {
	exporter.Logs
	by *endpoint
}

func (o observedLogs) ConsumeLogs(ctx context.Context, l plog.Logs) error {
	return o.by.observe(o.Logs.ConsumeLogs(ctx, l))
}

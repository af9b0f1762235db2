package main

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/loadtrace/loadtrace/cmd/loadtrace/internal/tracestore"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
)

// session is a run in a collector of this process. It is over when the
// collector has shut down.
type session struct {
	started chan *loadgenreceiver.Handle
	ended   chan outcome
	over    chan error // the collector's own end

	collector *otelcol.Collector
}

// outcome is how a run ended.
type outcome struct {
	summary summary.Summary
	err     error
}

// startSession starts a collector on the configurations. store, if any, becomes
// an exporter that they may name.
func startSession(uris []string, store *tracestore.Store) (*session, error) {
	s := &session{
		started: make(chan *loadgenreceiver.Handle, 1),
		ended:   make(chan outcome, 1),
		over:    make(chan error, 1),
	}
	set := settings(func() (otelcol.Factories, error) { return s.factories(store) })
	set.ConfigProviderSettings.ResolverSettings.URIs = uris
	set.DisableGracefulShutdown = true // signals stop the run first
	collector, err := otelcol.NewCollector(set)
	if err != nil {
		return nil, fmt.Errorf("make the collector: %w", err)
	}
	s.collector = collector
	go func() { s.over <- collector.Run(context.Background()) }()
	return s, nil
}

// factories are the distribution's, with a loadgen receiver that tells the
// session of its run.
func (s *session) factories(store *tracestore.Store) (otelcol.Factories, error) {
	f, err := components()
	if err != nil {
		return f, err
	}
	loadgen := loadgenreceiver.NewFactory(loadgenreceiver.WithObserver(loadgenreceiver.Observer{
		OnStart: func(h *loadgenreceiver.Handle) { s.started <- h },
		OnEnd:   func(sum summary.Summary, err error) { s.ended <- outcome{sum, err} },
	}))
	f.Receivers[loadgen.Type()] = loadgen
	if store != nil {
		kept := tracestore.NewFactory(store)
		f.Exporters = withExporter(f.Exporters, kept)
	}
	return f, nil
}

func withExporter(all map[component.Type]exporter.Factory, f exporter.Factory) map[component.Type]exporter.Factory {
	all[f.Type()] = f
	return all
}

// lastWords is the outcome of a run whose collector has ended, which it tells of
// before that.
func (s *session) lastWords(err error) (outcome, error) {
	select {
	case end := <-s.ended:
		return end, errors.Join(end.err, err)
	default:
		return outcome{}, fmt.Errorf("the collector ended during the run: %w", err)
	}
}

// shutdown ends the collector and returns its error.
func (s *session) shutdown() error {
	s.collector.Shutdown()
	return <-s.over
}

package grpcengine

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/bojand/ghz/load"
	ghz "github.com/bojand/ghz/runner"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Run implements loadgen.Engine.
func (e *engine) Run(ctx context.Context, p *pace.Pacer, sink loadgen.Sink) error {
	_, err := e.drive(ctx, p, sink)
	return err
}

// drive has ghz run the attack. The report is ghz's own, which is empty.
func (e *engine) drive(ctx context.Context, p *pace.Pacer, sink loadgen.Sink) (*ghz.Report, error) {
	stop, abort := context.WithCancel(ctx)
	defer abort()
	cut, done := enginekit.AfterGrace(stop, e.setup.Limits.Grace, e.setup.Cancelled)
	defer done()
	r := e.newRun(stop, cut, p, sink)
	r.abort = abort
	name := fmt.Sprintf("%s-%d", e.setup.Run, e.setup.Index)
	attached.Store(name, r)
	defer attached.Delete(name)

	requester, err := e.requester(r)
	if err != nil {
		return nil, err
	}
	channels, err := r.dial(name)
	if err != nil {
		return nil, err
	}
	defer hangUp(channels)
	if err := give(requester, channels); err != nil {
		return nil, err
	}
	r.gate.hangUp = func() { hangUp(channels) }
	r.gate.close = func() { requester.Stop(ghz.ReasonCancel) }
	report, err := requester.Run()
	r.drain()
	if fault := r.fault.Load(); fault != nil {
		return report, *fault
	}
	if err != nil && !errors.Is(err, errNotSent) {
		return report, fmt.Errorf("run ghz: %w", err)
	}
	return report, nil
}

func (e *engine) newRun(stop, cut context.Context, p *pace.Pacer, sink loadgen.Sink) *run {
	r := &run{engine: e, pacer: p, sink: sink, stop: stop, cut: cut}
	begin, most := e.workers()
	r.gate = &gate{
		pacer: p, grown: make(chan load.TickValue), free: make(chan struct{}, most),
		begin: begin, stop: stop, cut: cut,
		expire: r.expire, shut: r.channels.shut, broken: func() bool { return r.fault.Load() != nil },
	}
	return r
}

// workers is the first and greatest number of ghz's workers. A load that is a
// closed loop throughout needs no more than that loop has.
func (e *engine) workers() (begin, most int) {
	loop := 0
	for _, stage := range e.setup.Attack.Load {
		if stage.Max == nil {
			return max(1, e.setup.Attack.Workers), max(1, e.setup.Attack.Workers, e.setup.Attack.MaxWorkers)
		}
		loop = max(loop, stage.Max.Workers)
	}
	loop = max(1, loop)
	return loop, loop
}

func (e *engine) requester(r *run) (*ghz.Requester, error) {
	spec := e.setup.Attack.GRPC
	connections := uint(max(1, spec.Connections))
	config, err := ghz.NewConfig(e.method.path(), spec.Target,
		ghz.WithProtosetBinary(e.wire.set),
		ghz.WithConnections(connections),
		ghz.WithConcurrency(connections), // only a size of buffers: the gate says how many workers there are
		ghz.WithPacer(r.gate),
		ghz.WithWorkerTicker(r.gate),
		ghz.WithStreamInterceptorProviderFunc(r.begin),
		ghz.WithMetadataProvider(r.metadataFor),
		ghz.WithDataProvider(r.messageFor),
		ghz.WithDisableTemplateFuncs(true), // templates are ours
		ghz.WithDisableTemplateData(true),
		ghz.WithTimeout(e.timeout),
		ghz.WithEnableCompression(spec.Compression == "gzip"),
		ghz.WithInsecure(true),   // the channels are ours, and so is what secures them
		ghz.WithTotalRequests(1), // only the size of a list
	)
	if err != nil {
		return nil, fmt.Errorf("configure ghz: %w", err)
	}
	// ghz refuses to skip more than its total, for which it would make room at
	// once; its check is over here.
	if err := ghz.WithSkipFirst(math.MaxInt)(config); err != nil {
		return nil, fmt.Errorf("configure ghz: %w", err)
	}
	requester, err := ghz.NewRequester(config)
	if err != nil {
		return nil, fmt.Errorf("make ghz's requester: %w", err)
	}
	return requester, nil
}

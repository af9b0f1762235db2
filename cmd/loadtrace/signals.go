package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/loadtrace/loadtrace/internal/session"
)

// signalContexts are contexts that the signals end which stop a run.
type signalContexts struct {
	// early ends with the first signal, which its cause names, and impatient with the
	// second.
	early, impatient context.Context
	count            atomic.Int64
	stop             func()
}

// watchSignals handles signals until stop is called, also while the summary is printed,
// so that an impatient press does not lose it. The end of ctx ends what is early too.
func watchSignals(ctx context.Context) *signalContexts {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	early, end := context.WithCancelCause(ctx)
	impatient, cancel := context.WithCancel(context.Background())
	c := &signalContexts{early: early, impatient: impatient}
	over := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				if c.count.Add(1) > 1 {
					cancel()
				}
				end(session.CalledOff{By: s.String()})
			case <-over:
				return
			}
		}
	}()
	c.stop = sync.OnceFunc(func() { signal.Stop(signals); close(over); end(nil) })
	return c
}

package parent

import (
	"context"
	"errors"
	"os"
	"time"
)

// ErrGone is the cause of a context that Watch ended.
var ErrGone = errors.New("the parent process is gone")

// pollInterval is how often the parent is looked for where the system does not
// tell.
const pollInterval = time.Second

// Watch returns a context that ends, with ErrGone as its cause, soon after the
// process's parent has. stop ends the watch and waits for it.
//
// A parent that ended before Watch was called cannot be signalled from its successor.
func Watch(ctx context.Context) (watched context.Context, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	original := os.Getppid()
	gone := func() bool { return os.Getppid() != original }
	done := make(chan struct{})
	go func() {
		defer close(done)
		if await(watched, gone) {
			cancel(ErrGone)
		}
	}()
	return watched, func() {
		cancel(nil)
		<-done
	}
}

// poll looks for the parent until it is gone (true) or ctx ends (false), at once
// whenever signalled.
func poll(ctx context.Context, gone func() bool, signalled <-chan os.Signal) bool {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !gone() {
		select {
		case <-ctx.Done():
			return false
		case <-signalled:
		case <-ticker.C:
		}
	}
	return true
}

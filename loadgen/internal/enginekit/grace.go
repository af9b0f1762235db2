package enginekit

import (
	"context"
	"time"
)

// AfterGrace is a context that is cancelled a while after ctx is, or, after ctx, as soon as
// hurry is closed; nil never is. Its cancel
// function must be called, which ends the wait too.
func AfterGrace(ctx context.Context, grace time.Duration, hurry <-chan struct{}) (context.Context, context.CancelFunc) {
	cut, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-hurry:
			cancel()
		case <-cut.Done():
		}
	})
	return cut, func() { stop(); cancel() }
}

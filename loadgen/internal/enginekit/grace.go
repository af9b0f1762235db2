package enginekit

import (
	"context"
	"time"
)

// AfterGrace is a context that is cancelled a while after ctx is. Its cancel
// function must be called, which ends the wait too.
func AfterGrace(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	cut, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-cut.Done():
		}
	})
	return cut, func() { stop(); cancel() }
}

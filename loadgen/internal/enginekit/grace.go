package enginekit

import (
	"context"
	"time"
)

// AfterGrace returns a context that is cancelled a grace period after ctx, or, after ctx, as soon as
// cancelled is closed; nil never is. Its cancel
// function must be called, which ends the wait too.
func AfterGrace(ctx context.Context, grace time.Duration, cancelled <-chan struct{}) (context.Context, context.CancelFunc) {
	cut, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-cancelled:
			cancel()
		case <-cut.Done():
		}
	})
	return cut, func() { stop(); cancel() }
}

package session

import (
	"context"
	"sync"
	"time"
)

// watch returns when the run has ended and its last requests are joined. A Stop, which is
// the end of ctx, stops the run in order; once only telemetry is still to be delivered or
// joined, it gives that up. Cancel ends the grace and gives that up. A target that is to
// be stopped first sends its telemetry then, and is not waited for.
func (r *Run) watch(ctx context.Context) (outcome, error) {
	s := r.session
	stop, giveUp := sync.OnceFunc(r.handle.Stop), sync.OnceFunc(s.collector.Shutdown)
	idle, flushed, done, cancelled := r.handle.Idle(), (<-chan time.Time)(nil), ctx.Done(), (<-chan struct{})(r.cancelled)
	for stopped, given := false, false; ; {
		select {
		case end := <-s.ended:
			end.interrupted = stopped
			r.use.measure()
			if end.err == nil && !given && r.options.BeforeShutdown == nil && s.expects() {
				r.joining.Store(true)
				s.awaitJoins(done, cancelled)
			}
			return end, end.err
		case err := <-s.over:
			s.over <- nil
			end, err := s.finalOutcome(err)
			end.interrupted = stopped
			return end, err
		case <-idle:
			idle, flushed = nil, time.After(r.options.Flush)
			r.use.measure()
		case <-flushed:
			given = true
			giveUp()
		case <-done:
			done, stopped = nil, true
			stop()
			if idle == nil {
				r.handle.Cancel()
				given = true
				giveUp()
			}
		case <-cancelled:
			cancelled, stopped, given = nil, true, true
			stop()
			r.handle.Cancel()
			giveUp()
		}
	}
}

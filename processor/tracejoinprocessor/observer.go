package tracejoinprocessor

import "github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/hub"

// Option changes a factory, for programs that have a collector inside.
type Option func(*factory)

// WithObserver has started called with each join as it starts. It must return
// soon.
func WithObserver(started func(*Join)) Option {
	return func(f *factory) { f.shared.started = started }
}

// Join is a join at work, or over. Its methods may be called by any goroutine at
// any time.
type Join struct{ hub *hub.Hub }

// Waiting is how many client spans wait for what the target will tell of them.
func (j *Join) Waiting() uint64 { return uint64(max(0, j.hub.Counts().Waiting)) }

// Expects reports whether targets are to send their telemetry: they must, or one has. If
// not, what waits waits in vain.
func (j *Join) Expects() bool { return j.hub.Expects() }

// Lost is how many spans waited and did not reach the pipeline behind: it refused
// them for good, or had not taken them when the time of a shutdown was over.
func (j *Join) Lost() uint64 {
	c := j.hub.Counts()
	return uint64(c.Refused + c.Undelivered)
}

// Retries is how many deliveries the pipeline behind refused, and that were tried
// again.
func (j *Join) Retries() uint64 { return uint64(j.hub.Counts().Retries) }

// Coverage says of the client spans that have left what was joined to them.
func (j *Join) Coverage() Coverage {
	c := j.hub.Coverage()
	v := Coverage{Complete: uint64(c.Complete), Partial: uint64(c.Partial), None: uint64(c.None)}
	for why, n := range c.Missing {
		if v.Missing == nil {
			v.Missing = map[string]uint64{}
		}
		v.Missing[why] = uint64(n)
	}
	return v
}

// Coverage counts client spans by join.status, and by what of join.missing they
// have, of which a span may have several.
type Coverage struct {
	Complete, Partial, None uint64
	Missing                 map[string]uint64
}

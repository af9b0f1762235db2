package httpengine

import (
	"context"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// admitWithin bounds resolving the names of all targets, before the run.
const admitWithin = 10 * time.Second

// admit asks the gate about the targets of an attack, each host and port once. The
// first that it refuses is enough to refuse the plan.
func admit(gate allow.Gate, spec *loadgen.HTTP, requests []*request) error {
	if gate.AllowsAll() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), admitWithin)
	defer cancel()
	type place struct {
		host string
		port int
	}
	asked := map[place]bool{}
	for _, r := range requests {
		p := place{r.target.Host, r.target.Port}
		if asked[p] {
			continue
		}
		asked[p] = true
		if err := gate.Lookup(ctx, p.host, uint16(p.port)); err != nil {
			key := "http.url"
			if spec.Targets != nil {
				key = "http.targets.file"
			}
			return &pace.KeyError{Key: key, What: err.Error(), Fix: allow.Fix}
		}
	}
	return nil
}

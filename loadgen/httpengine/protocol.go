package httpengine

import (
	"fmt"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// speaks refuses an attack whose protocol cannot be spoken to one of its URLs. The
// first is enough.
func speaks(spec *loadgen.HTTP, requests []*request) error {
	for _, r := range requests {
		err := conns.Speaks(spec.Protocol, r.url)
		switch {
		case err == nil:
		case r.line > 0:
			return &pace.KeyError{
				Key: "http.targets.file", What: fmt.Sprintf("%s: line %d: %v", spec.Targets.File, r.line, err),
				Fix: "change the URL or the protocol",
			}
		default:
			return &pace.KeyError{Key: "http.url", What: err.Error(), Fix: "change the URL or the protocol"}
		}
	}
	return nil
}

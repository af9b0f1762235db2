package httpengine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/targets"
)

// speaks refuses an attack whose protocol cannot be spoken to one of its URLs, or has
// no place for one of its headers. The first is enough.
func speaks(spec *loadgen.HTTP, requests []*request) error {
	for _, r := range requests {
		if err := conns.Speaks(spec.Protocol, r.url); err != nil {
			return misfit(spec, r, "http.url", err.Error(), "change the URL or the protocol")
		}
		if !spec.Protocol.Only2() {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(r.header)) {
			for _, value := range r.header[name] {
				if fault := targets.CheckHTTP2(name, value); fault != nil {
					return misfit(spec, r, "http.headers", "header "+name+": "+fault.What, fault.Fix)
				}
			}
		}
	}
	return nil
}

// misfit is the fault of a request that the protocol does not suit: of its line in the
// targets file, or of a key of the plan.
func misfit(spec *loadgen.HTTP, r *request, key, what, fix string) error {
	if r.line > 0 {
		key, what = "http.targets.file", fmt.Sprintf("%s: line %d: %s", spec.Targets.File, r.line, what)
	}
	return &pace.KeyError{Key: key, What: what, Fix: fix}
}

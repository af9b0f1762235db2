package loadgenreceiver

import (
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/grpcengine"
	"github.com/loadtrace/loadtrace/loadgen/httpengine"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// openEngine makes the engine of an attack's protocol. It is a runner.Open.
func openEngine(s runner.Setup) (loadgen.Engine, error) {
	if s.Attack.GRPC != nil {
		return grpcengine.Open(s)
	}
	return httpengine.Open(s)
}

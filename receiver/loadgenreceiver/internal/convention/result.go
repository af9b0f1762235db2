package convention

import (
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
)

// SystemGRPC is the value of rpc.system.name for gRPC.
const SystemGRPC = "grpc"

// Result is how a request ended, for attributes. Results that are not equal have
// attributes that differ.
type Result struct {
	Outcome loadgen.Outcome
	Error   loadgen.ErrorKind
	Status  int
	RPC     bool // Status is a gRPC code
}

// ResultOf a record.
func ResultOf(r *loadgen.Record) Result {
	return Result{Outcome: r.Outcome, Error: r.Error, Status: r.Status, RPC: r.Target != nil && r.Target.RPC}
}

// Put writes the status code of the protocol, if there was one, and error.type.
func (r Result) Put(a pcommon.Map) {
	switch {
	case r.RPC && r.hasCode():
		a.PutStr(attr.RPCResponseStatusCode, loadgen.CodeName(r.Status))
	case !r.RPC && r.Status != 0:
		a.PutInt(attr.HTTPResponseStatusCode, int64(r.Status))
	}
	if v := r.ErrorType(); v != "" {
		a.PutStr(attr.ErrorType, v)
	}
}

// hasCode tells the code OK from none at all: both are 0.
func (r Result) hasCode() bool { return r.Outcome == loadgen.Finished || r.Status != 0 }

// ErrorType is the value of error.type: the kind of a failure, an HTTP status of
// 400 or more in digits, or the name of any gRPC code but OK, as the conventions
// want it of clients; empty where there is no error.
func (r Result) ErrorType() string {
	switch {
	case r.Outcome == loadgen.Failed:
		return string(r.Error)
	case r.Outcome == loadgen.NotSent:
		return ""
	case r.RPC && r.Status != 0:
		return loadgen.CodeName(r.Status)
	case !r.RPC && r.Status >= 400:
		return strconv.Itoa(r.Status)
	default:
		return ""
	}
}

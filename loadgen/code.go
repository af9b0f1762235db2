package loadgen

import "strconv"

// codes are the names of gRPC's status codes by their number (grpc/grpc,
// doc/statuscodes.md).
var codes = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
	"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
	"ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
	"UNAUTHENTICATED",
}

// CodeName is the name of a gRPC status code, such as UNAVAILABLE, or the digits
// of one that gRPC does not define.
func CodeName(code int) string {
	if 0 <= code && code < len(codes) {
		return codes[code]
	}
	return strconv.Itoa(code)
}

// StatusName is the status in the words of its protocol: the digits of an HTTP
// status, the name of a gRPC code. It is empty if there was no status.
func (r *Record) StatusName() string {
	rpc := r.Target != nil && r.Target.RPC
	switch {
	case rpc && (r.Outcome == Finished || r.Status != 0):
		return CodeName(r.Status)
	case rpc || r.Status == 0:
		return ""
	default:
		return strconv.Itoa(r.Status)
	}
}

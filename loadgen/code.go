package loadgen

import (
	"strconv"
	"strings"
)

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

// ParseCode reads the name of a gRPC status code: as gRPC's documentation has it, such as
// INVALID_ARGUMENT, or as gRPC in Go prints it, such as InvalidArgument.
func ParseCode(name string) (code int, ok bool) {
	plain := func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "_", "")) }
	name = plain(name)
	if name == "CANCELED" { // in Go
		name = "CANCELLED"
	}
	for code, known := range codes {
		if plain(known) == name {
			return code, true
		}
	}
	return 0, false
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

// Statuses is a set of statuses: one or a class of HTTP, or one of gRPC.
type Statuses struct {
	RPC       bool
	Low, High int // both within
}

// ParseStatuses reads an HTTP status such as 503, a class such as 5xx, or the name
// of a gRPC code.
func ParseStatuses(text string) (s Statuses, ok bool) {
	for code, name := range codes {
		if name == text {
			return Statuses{RPC: true, Low: code, High: code}, true
		}
	}
	if len(text) != 3 || text[0] < '1' || text[0] > '5' {
		return s, false
	}
	if text[1:] == "xx" {
		low := 100 * int(text[0]-'0')
		return Statuses{Low: low, High: low + 99}, true
	}
	code, err := strconv.Atoi(text)
	return Statuses{Low: code, High: code}, err == nil
}

// Has reports whether a finished request's status is in the set.
func (s Statuses) Has(r *Record) bool {
	rpc := r.Target != nil && r.Target.RPC
	return r.Outcome == Finished && rpc == s.RPC && s.Low <= r.Status && r.Status <= s.High
}

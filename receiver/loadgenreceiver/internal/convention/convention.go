package convention

import (
	"net/http"
	"strconv"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Method is the value of http.request.method: the method if the conventions
// know it, else _OTHER, and then known is false.
func Method(method string) (value string, known bool) {
	switch method {
	case http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
		http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace, "QUERY":
		return method, true
	default:
		return "_OTHER", false
	}
}

// ProtocolVersion is the value of network.protocol.version for Record.Proto;
// empty if there was no response to tell.
func ProtocolVersion(proto uint8) string {
	switch proto {
	case 10:
		return "1.0"
	case 11:
		return "1.1"
	case 20:
		return "2"
	default:
		return ""
	}
}

// ErrorType is the value of error.type: the kind of a failure, or a status of
// 400 or more in digits; empty where there is no error.
func ErrorType(outcome loadgen.Outcome, kind loadgen.ErrorKind, status int) string {
	switch {
	case outcome == loadgen.Failed:
		return string(kind)
	case status >= 400:
		return strconv.Itoa(status)
	default:
		return ""
	}
}

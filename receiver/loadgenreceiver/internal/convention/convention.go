package convention

import "net/http"

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

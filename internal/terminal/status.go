package terminal

import "cmp"

// faultsOfServers are the gRPC codes that the conventions count as errors of a
// server, and what no protocol defines. The other codes but OK are as a rule the
// caller's doing.
var faultsOfServers = map[string]bool{
	"other":   true,
	"UNKNOWN": true, "DEADLINE_EXCEEDED": true, "UNIMPLEMENTED": true, "INTERNAL": true, "UNAVAILABLE": true, "DATA_LOSS": true,
}

// statusInk is how bad a status is: the digits of HTTP, or a code of gRPC.
func statusInk(code string) ink {
	switch {
	case code == "" || code == "OK" || isDigit(code[0]) && code < "4":
		return ""
	case isDigit(code[0]) && code < "5" || !isDigit(code[0]) && !faultsOfServers[code]:
		return yellow
	default:
		return red
	}
}

// byCode orders statuses: those of HTTP, the lowest first, then OK, then the
// other codes of gRPC by name.
func byCode(a, b string) int {
	group := func(code string) int {
		switch {
		case code != "" && isDigit(code[0]):
			return 0
		case code == "OK":
			return 1
		default:
			return 2
		}
	}
	return cmp.Or(cmp.Compare(group(a), group(b)), cmp.Compare(a, b))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

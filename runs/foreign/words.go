package foreign

import (
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
)

// phrases are the words of Go's errors, in which both vegeta and ghz report why there was
// no response, in the order in which they are looked for.
var phrases = []struct {
	words string
	kind  loadgen.ErrorKind
}{
	{"connection refused", loadgen.ErrorRefused},
	{"no such host", loadgen.ErrorDNS},
	{"server misbehaving", loadgen.ErrorDNS},
	{"too many open files", loadgen.ErrorNoFiles},
	{"cannot assign requested address", loadgen.ErrorNoPorts},
	{"no route to host", loadgen.ErrorUnreachable},
	{"network is unreachable", loadgen.ErrorUnreachable},
	{"connection reset by peer", loadgen.ErrorReset},
	{"broken pipe", loadgen.ErrorReset},
	{"tls: ", loadgen.ErrorTLS},
	{"x509: ", loadgen.ErrorTLS},
	{"stopped after ", loadgen.ErrorRedirects},
	{"malformed HTTP", loadgen.ErrorProtocol},
	{"Client.Timeout", loadgen.ErrorTimeout},
	{"deadline exceeded", loadgen.ErrorTimeout},
	{"i/o timeout", loadgen.ErrorTimeout},
	{"context canceled", loadgen.ErrorCancelled},
	{"server closed", loadgen.ErrorClosed},
	{"EOF", loadgen.ErrorClosed},
}

// kindOf reads the kind of an error from its words.
func kindOf(words string) loadgen.ErrorKind {
	for _, p := range phrases {
		if strings.Contains(words, p.words) {
			return p.kind
		}
	}
	return loadgen.ErrorOther
}

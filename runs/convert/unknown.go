package convert

import (
	"fmt"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// from says what the file is, and what it does not tell.
func (in *intake) from(name string) summary.Imported {
	unknown := []string{
		"when each request was to be sent, and so its response time",
		"the load that was wanted, and what of it was not sent",
		"the phases, the connection and the trace of a request",
		"the environment of the generator and of the target",
	}
	if in.file.Tool == "ghz" {
		unknown = append(unknown, "the sizes of messages", "whether a status is the service's or the client's")
	}
	return summary.Imported{Tool: in.file.Tool, Format: in.file.Format, File: plaintext.Line(name), Unknown: unknown}
}

// lacks is what the file has not all of.
func (in *intake) lacks() (lacks []string) {
	if in.cut != nil {
		lacks = append(lacks, fmt.Sprintf("the file ended within request %d", in.cut.Request))
	}
	if g := in.file.GHZ; g != nil && g.Count > in.seen.requests {
		lacks = append(lacks, fmt.Sprintf("the report has %d of the run's %d calls: ghz keeps the first 1000000 only", in.seen.requests, g.Count))
	}
	return lacks
}

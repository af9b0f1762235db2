package runarchiveexporter

import (
	"math"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/runs/archive"
)

func text(field func(*archive.Joined) *string) reader {
	return func(j *archive.Joined, v pcommon.Value) { *field(j) = plaintext.Line(v.Str()) }
}

func seconds(field func(*archive.Joined) *archive.Optional[time.Duration]) reader {
	return func(j *archive.Joined, v pcommon.Value) { *field(j) = archive.Known(nanoseconds(v.Double())) }
}

// nanoseconds are seconds to the nearest one, so that what was a whole number stays it.
func nanoseconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

func whole(field func(*archive.Joined) *archive.Optional[int64]) reader {
	return func(j *archive.Joined, v pcommon.Value) { *field(j) = archive.Known(int64(math.Round(v.Double()))) }
}

// unexplained is written on every span that was joined, and components of the ledger only
// where they are not 0.
func unexplained(j *archive.Joined, v pcommon.Value) {
	j.LedgerUnexplained = archive.Known(nanoseconds(v.Double()))
	for _, c := range []*archive.Optional[time.Duration]{&j.LedgerNetwork, &j.LedgerServer, &j.LedgerRead} {
		c.OK = true
	}
}

// server has a request with a server span have one: further ones are written on a span
// only if there are some.
func server(resolution reader) reader {
	return func(j *archive.Joined, v pcommon.Value) {
		resolution(j, v)
		j.ServerSpans = max(j.ServerSpans, 1)
	}
}

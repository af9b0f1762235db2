package convert

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/foreign"
	"github.com/loadtrace/loadtrace/runs/query"
)

// Format is what Export can write.
type Format string

// Formats of Export.
const (
	CSV      Format = "csv"
	JSONL    Format = "jsonl"
	Vegeta   Format = "vegeta"      // in gob
	VegetaJS Format = "vegeta-json" // in JSON lines
	VegetaCS Format = "vegeta-csv"
	K6       Format = "k6"        // what k6 gives to handleSummary
	K6Export Format = "k6-export" // what k6 writes with --summary-export
)

// Formats are all of them.
func Formats() []Format { return []Format{CSV, JSONL, Vegeta, VegetaJS, VegetaCS, K6, K6Export} }

// Options of an export.
type Options struct {
	Format Format
	// Where leaves out the requests that do not meet it; nil leaves out none. Columns are
	// those of CSV and JSON lines; nil are all.
	Where   *query.Filter
	Columns []*query.Column
	// Response writes the response time as vegeta's latency, with the intended time as its
	// timestamp, in place of the service time and the time of sending.
	Response bool
}

// Report counts the requests of an export.
type Report struct {
	Written uint64
	// NotSent were left out since they were not sent: the format has no place for them.
	NotSent uint64
	// Unknown were left out since the time that was asked for is not known of them.
	Unknown uint64
}

// Export writes a run to w.
func Export(ctx context.Context, w io.Writer, run *archive.Run, o Options) (Report, error) {
	buffered := bufio.NewWriterSize(w, 256<<10)
	report, err := export(ctx, buffered, run, o)
	if err == nil {
		err = buffered.Flush()
	}
	return report, err
}

func export(ctx context.Context, w *bufio.Writer, run *archive.Run, o Options) (Report, error) {
	switch o.Format {
	case CSV, JSONL:
		return exportRows(ctx, w, run, o)
	case Vegeta:
		return exportVegeta(ctx, w, run, o, foreign.Gob)
	case VegetaJS:
		return exportVegeta(ctx, w, run, o, foreign.JSON)
	case VegetaCS:
		return exportVegeta(ctx, w, run, o, foreign.CSV)
	case K6, K6Export:
		return exportK6(ctx, w, run, o)
	}
	return Report{}, fmt.Errorf("unknown format %q", o.Format)
}

// each calls do with the requests of a run that meet a condition, of which it reads some
// columns; none are all.
func each(ctx context.Context, run *archive.Run, where *query.Filter, columns []string, do func(*archive.Request) error) error {
	if where != nil && len(columns) > 0 {
		columns = append(slices.Clone(columns), where.Reads()...)
	}
	n := 0
	for r, err := range run.Requests(columns...) {
		if n++; err == nil && n%1024 == 0 {
			err = ctx.Err()
		}
		met := true
		if err == nil && where != nil {
			met, err = where.Match(r)
		}
		if err == nil && met {
			err = do(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

package convert

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/query"
)

// exportRows writes a line for each request, with the columns and units of
// requests.parquet: times and durations are nanoseconds.
func exportRows(ctx context.Context, w *bufio.Writer, run *archive.Run, o Options) (Report, error) {
	columns := o.Columns
	if columns == nil {
		for i := range query.Columns {
			columns = append(columns, &query.Columns[i])
		}
	}
	write, err := rowWriter(w, o.Format, columns)
	if err != nil {
		return Report{}, err
	}
	var report Report
	err = each(ctx, run, o.Where, query.Reads(columns...), func(r *archive.Request) error {
		report.Written++
		return write(r)
	})
	return report, err
}

func rowWriter(w io.Writer, f Format, columns []*query.Column) (func(*archive.Request) error, error) {
	if f == JSONL {
		line := []byte{}
		return func(r *archive.Request) error {
			line = plaintext.JSON(appendObject(line[:0], r, columns))
			_, err := w.Write(append(line, '\n'))
			return err
		}, nil
	}
	return csvRows(w, columns)
}

// csvRows writes CSV with a line of the columns' names. A value that is missing is an empty
// cell.
func csvRows(w io.Writer, columns []*query.Column) (func(*archive.Request) error, error) {
	enc := csv.NewWriter(w)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.Name
	}
	if err := enc.Write(cells); err != nil {
		return nil, err
	}
	enc.Flush()
	return func(r *archive.Request) error {
		for i, c := range columns {
			cells[i] = ""
			if v, ok := c.Value(r); ok {
				cells[i] = cell(v)
			}
		}
		if err := enc.Write(cells); err != nil {
			return err
		}
		enc.Flush()
		return enc.Error()
	}, enc.Error()
}

// cell is a value as a cell of CSV. A text that a spreadsheet would take for a formula stays
// what it is: a program that reads it must get it as it was.
func cell(v any) string {
	switch v := v.(type) {
	case string:
		return plaintext.Line(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Duration:
		return strconv.FormatInt(int64(v), 10)
	case time.Time:
		return strconv.FormatInt(v.UnixNano(), 10)
	}
	return ""
}

// appendObject appends a request as an object, without what is missing.
func appendObject(line []byte, r *archive.Request, columns []*query.Column) []byte {
	line = append(line, '{')
	for _, c := range columns {
		v, ok := c.Value(r)
		if !ok {
			continue
		}
		if len(line) > 1 {
			line = append(line, ',')
		}
		line = append(append(append(line, '"'), c.Name...), '"', ':')
		if text, is := v.(string); is {
			quoted, _ := json.Marshal(text) // a text always has JSON
			line = append(line, quoted...)
		} else {
			line = append(line, cell(v)...)
		}
	}
	return append(line, '}')
}

package terminal

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/runs/query"
)

// Found draws the requests that a search found.
func Found(w io.Writer, s *query.Search, f *query.Found, o Options) {
	p := &printer{Options: o}
	p.foundHead(s, f)
	if len(f.Rows) > 0 {
		p.gap()
		heads, numbers := make([]string, len(s.Columns)), make([]bool, len(s.Columns))
		for i, c := range s.Columns {
			heads[i], numbers[i] = c.Name, c.Kind == query.Number || c.Kind == query.Duration
		}
		rows := make([][]string, len(f.Rows))
		for i, row := range f.Rows {
			for _, v := range row {
				rows[i] = append(rows[i], p.value(v))
			}
		}
		p.table(heads, numbers, rows)
	}
	io.WriteString(w, p.text.String())
}

func (p *printer) foundHead(s *query.Search, f *query.Found) {
	head := count(f.Matched) + " of " + some(f.Scanned, "request", "requests")
	if s.Where != nil {
		head += " match"
		if f.Matched == 1 {
			head += "es"
		}
	}
	switch n := uint64(len(f.Rows)); {
	case n < f.Matched && s.SortBy == nil:
		head += "; the first " + count(n) + ":"
	case n < f.Matched && s.Ascending:
		head += fmt.Sprintf("; the %s with the least %s:", count(n), s.SortBy.Name)
	case n < f.Matched:
		head += fmt.Sprintf("; the %s with the greatest %s:", count(n), s.SortBy.Name)
	}
	p.line(head)
}

// value is a cell; - is a value that is missing.
func (p *printer) value(v any) string {
	switch v := v.(type) {
	case string:
		return p.clean(v)
	case int64:
		return ungrouped(v)
	case float64:
		return strconv.FormatFloat(v, 'g', 4, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case time.Duration:
		return p.took(v)
	case time.Time:
		return v.UTC().Format("15:04:05.000000")
	}
	return "-"
}

// Columns draws what there is to ask for.
func Columns(w io.Writer, columns []query.Column, o Options) {
	p := &printer{Options: o}
	const name, kind = 29, 15
	for i := range columns {
		c := &columns[i]
		doc := c.Doc
		if len(c.Values) > 0 {
			doc += ": " + strings.Join(c.Values, ", ")
		}
		if also := c.Aliases(); len(also) > 0 {
			doc += " (also " + strings.Join(also, ", ") + ")"
		}
		head := p.paint(bold, left(c.Name, name)) + p.paint(dim, left(c.Kind.String(), kind))
		for _, l := range wrap(doc, p.width()-name-kind) {
			p.line(head + l)
			head = spaces(name + kind)
		}
	}
	io.WriteString(w, p.text.String())
}

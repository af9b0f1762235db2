package query

import (
	"fmt"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/loadtrace/loadtrace/runs/archive"
)

// Filter is a condition. It is for one goroutine.
type Filter struct {
	columns []*Column
	program *vm.Program
	machine vm.VM
	values  map[string]any
	known   []string // names of the columns' companions
}

// Compile reads a condition. An error says what is wrong with it, and what to write.
func Compile(src string) (*Filter, error) {
	tree, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("the condition: %w", err)
	}
	var c compiler
	text, err := c.condition(tree, true)
	if err != nil {
		return nil, fmt.Errorf("the condition: %w", err)
	}
	f := &Filter{columns: c.used, values: map[string]any{}}
	for _, column := range c.used {
		f.known = append(f.known, known(column))
		f.values[column.Name], f.values[known(column)] = zero(column), false
	}
	f.program, err = expr.Compile(text, expr.Env(f.values), expr.AsBool(), expr.MaxNodes(100*maxNodes))
	if err != nil {
		return nil, fmt.Errorf("the condition: %w", err)
	}
	return f, nil
}

// zero is a value of a column's type for the evaluator, where durations and times are
// whole numbers of nanoseconds.
func zero(c *Column) any {
	switch c.Kind {
	case Text:
		return ""
	case Flag:
		return false
	}
	if c.fraction {
		return float64(0)
	}
	return int64(0)
}

// Reads are the columns of requests.parquet that the filter needs.
func (f *Filter) Reads() []string { return Reads(f.columns...) }

// Match reports whether a request meets the condition.
func (f *Filter) Match(r *archive.Request) (bool, error) {
	for i, c := range f.columns {
		v, ok := c.Value(r)
		f.values[f.known[i]] = ok
		switch v := v.(type) {
		case time.Duration:
			f.values[c.Name] = int64(v)
		case time.Time:
			f.values[c.Name] = v.UnixNano()
		default:
			f.values[c.Name] = v
		}
	}
	out, err := f.machine.Run(f.program, f.values)
	if err != nil {
		return false, fmt.Errorf("evaluate the condition: %w", err)
	}
	met, _ := out.(bool)
	return met, nil
}

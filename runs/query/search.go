package query

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/runs/archive"
)

// MaxLimit bounds the requests that a Search keeps.
const MaxLimit = 100_000

// Search says which requests are wanted.
type Search struct {
	Where   *Filter // nil for all
	Columns []*Column
	// SortBy orders the requests, the greatest first unless Ascending; nil is the order of
	// the archive. Those without a value come last.
	SortBy    *Column
	Ascending bool
	Limit     int // requests, 1 to MaxLimit
}

// Found is what became of a search.
type Found struct {
	// Rows have a value for each column of the search, nil where there is none.
	Rows [][]any
	// Matched is the requests that met the condition, Scanned those of the run.
	Matched, Scanned uint64
}

// ColumnsOf returns the columns of names, or of their aliases.
func ColumnsOf(names []string) ([]*Column, error) {
	var out []*Column
	for _, name := range names {
		c, ok := find(strings.TrimSpace(name))
		if !ok {
			return nil, unknownColumn(name)
		}
		out = append(out, c)
	}
	return out, nil
}

// Default are the names of the columns that are shown where none were asked for. They fit
// 80 columns of a terminal.
func Default(severalAttacks bool, sortBy *Column) []string {
	names := []string{"seq", "service_time", "response_time", "status", "trace_id"}
	if severalAttacks {
		names = []string{"attack", "seq", "service_time", "status", "trace_id"}
	}
	if sortBy != nil && !slices.Contains(names, sortBy.Name) {
		names = slices.Insert(names, len(names)-1, sortBy.Name)
	}
	return names
}

// Run reads all requests of a run, and keeps as many as the limit says.
func (s *Search) Run(ctx context.Context, run *archive.Run) (*Found, error) {
	found := &Found{}
	kept := &ranking{ascending: s.Ascending}
	for r, err := range run.Requests(s.reads()...) {
		if err == nil && found.Scanned%1024 == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		found.Scanned++
		met := true
		if s.Where != nil {
			if met, err = s.Where.Match(r); err != nil {
				return nil, fmt.Errorf("request %d of attack %s: %w", r.Seq, r.Attack, err)
			}
		}
		if met {
			found.Matched++
			s.offer(kept, r, found.Matched)
		}
	}
	found.Rows = kept.rows()
	return found, nil
}

// reads are the columns that the search reads.
func (s *Search) reads() []string {
	columns := s.Columns
	if s.SortBy != nil {
		columns = append(slices.Clone(columns), s.SortBy)
	}
	names := Reads(columns...)
	if s.Where != nil {
		names = append(names, s.Where.Reads()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// offer keeps a request if it is among the first.
func (s *Search) offer(kept *ranking, r *archive.Request, n uint64) {
	e := entry{n: n}
	if s.SortBy != nil {
		if v, ok := s.SortBy.Value(r); ok {
			e.key = v
		}
	}
	if len(kept.entries) >= s.Limit {
		if !kept.before(&e, &kept.entries[0]) {
			return
		}
		e.row = s.row(r)
		kept.entries[0] = e
		heap.Fix(kept, 0)
		return
	}
	e.row = s.row(r)
	heap.Push(kept, e)
}

func (s *Search) row(r *archive.Request) []any {
	row := make([]any, len(s.Columns))
	for i, c := range s.Columns {
		v, ok := c.Value(r)
		if !ok {
			continue
		}
		if text, is := v.(string); is {
			v = strings.Clone(text)
		}
		row[i] = v
	}
	return row
}

// ranking is a heap whose root is the last of the requests that are kept.
type ranking struct {
	ascending bool
	entries   []entry
}

type entry struct {
	key any // nil if missing
	n   uint64
	row []any
}

// before reports whether a comes before b in the result.
func (k *ranking) before(a, b *entry) bool {
	if (a.key == nil) != (b.key == nil) {
		return b.key == nil
	}
	order := compare(a.key, b.key)
	if !k.ascending {
		order = -order
	}
	if order == 0 {
		return a.n < b.n
	}
	return order < 0
}

// compare orders two values of one column.
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case time.Duration:
		return cmp.Compare(a, b.(time.Duration))
	case time.Time:
		return a.Compare(b.(time.Time))
	case bool:
		if a == b.(bool) {
			return 0
		}
		if a {
			return 1
		}
		return -1
	}
	return 0
}

func (k *ranking) rows() [][]any {
	slices.SortFunc(k.entries, func(a, b entry) int {
		if k.before(&a, &b) {
			return -1
		}
		return 1
	})
	out := make([][]any, len(k.entries))
	for i := range k.entries {
		out[i] = k.entries[i].row
	}
	return out
}

func (k *ranking) Len() int           { return len(k.entries) }
func (k *ranking) Less(i, j int) bool { return k.before(&k.entries[j], &k.entries[i]) }
func (k *ranking) Swap(i, j int)      { k.entries[i], k.entries[j] = k.entries[j], k.entries[i] }
func (k *ranking) Push(x any)         { k.entries = append(k.entries, x.(entry)) }
func (k *ranking) Pop() any {
	last := len(k.entries) - 1
	e := k.entries[last]
	k.entries = k.entries[:last]
	return e
}

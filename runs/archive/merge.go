package archive

import (
	"container/heap"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// stretch is a row group of a file of requests, sorted, which begins with a key.
type stretch struct {
	path  string
	group int
	first key
}

// stretchesOf files are their row groups in the order of their first keys. It reads the
// footers only.
func stretchesOf(paths []string) ([]stretch, error) {
	var all []stretch
	for _, path := range paths {
		file, closer, err := openFile(path)
		if err != nil {
			return nil, err
		}
		for i, group := range file.RowGroups() {
			s := stretch{path: path, group: i}
			if s.first, err = firstKey(group); err != nil {
				closer.Close()
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if group.NumRows() > 0 {
				all = append(all, s)
			}
		}
		closer.Close()
	}
	slices.SortStableFunc(all, func(a, b stretch) int { return a.first.compare(b.first) })
	return all, nil
}

// firstKey of a row group, by its statistics: the least attack, and the least sequence
// number, which is of that attack where a row group has one.
func firstKey(group parquet.RowGroup) (key, error) {
	attack, err := least(group, ColumnAttackIndex)
	if err != nil {
		return key{}, err
	}
	seq, err := least(group, ColumnSeq)
	return key{int(attack), uint64(seq)}, err
}

func least(group parquet.RowGroup, column string) (int64, error) {
	leaf, ok := group.Schema().Lookup(column)
	if !ok || !leaf.Node.Leaf() || leaf.Node.Type().Kind() != parquet.Int64 {
		return 0, fmt.Errorf("it has no column %s of integers, so it is no file of an archive of loadtrace", column)
	}
	chunk, ok := group.ColumnChunks()[leaf.ColumnIndex].(*parquet.FileColumnChunk)
	if !ok {
		return 0, nil
	}
	min, _, ok := chunk.Bounds()
	if !ok {
		return 0, nil // it is opened first then
	}
	return min.Int64(), nil
}

// merger yields the rows of sorted stretches in their order, each key once. It opens a
// stretch when its first row is due, so that as many are open as overlap.
type merger struct {
	table  *table[Request]
	wanted map[string]bool
	texts  texts

	waiting []stretch // by their first keys
	open    cursors
	last    key
	any     bool // last is one
	twice   int  // rows left out, since there had been one of their key
}

// cursor is an open stretch with its next row.
type cursor struct {
	rows   *rowReader[Request]
	closer io.Closer
	row    Request
}

// cursors are a heap by the keys of their rows.
type cursors []*cursor

func (c cursors) Len() int           { return len(c) }
func (c cursors) Less(i, j int) bool { return c[i].row.key().less(c[j].row.key()) }
func (c cursors) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)        { *c = append(*c, x.(*cursor)) }
func (c *cursors) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// newMerger merges all rows of some files. Of the columns it reads the wanted ones, and
// those of the key; nil are all.
func newMerger(t *table[Request], paths []string, wanted map[string]bool) (*merger, error) {
	stretches, err := stretchesOf(paths)
	return &merger{table: t, wanted: wanted, waiting: stretches}, err
}

// next reads the next row; io.EOF is the end.
func (m *merger) next(to *Request) error {
	for {
		if err := m.openDue(); err != nil {
			return err
		}
		if len(m.open) == 0 {
			return io.EOF
		}
		c := m.open[0]
		*to = c.row
		if err := m.advance(c); err != nil {
			return err
		}
		if m.any && to.key().compare(m.last) <= 0 {
			m.twice++
			continue
		}
		m.last, m.any = to.key(), true
		return nil
	}
}

// openDue opens the stretches that may have the next row.
func (m *merger) openDue() error {
	for len(m.waiting) > 0 && (len(m.open) == 0 || !m.open[0].row.key().less(m.waiting[0].first)) {
		s := m.waiting[0]
		m.waiting = m.waiting[1:]
		file, closer, err := openFile(s.path)
		if err != nil {
			return err
		}
		groups := file.RowGroups()
		if s.group >= len(groups) {
			closer.Close()
			return fmt.Errorf("%s changed while it was read", s.path)
		}
		rows, err := newRowReader(m.table, groups[s.group], m.wanted, &m.texts)
		if err != nil {
			closer.Close()
			return fmt.Errorf("%s: %w", s.path, err)
		}
		c := &cursor{rows: rows, closer: closer}
		if err := c.next(); err != nil {
			c.close()
			return fmt.Errorf("%s: %w", s.path, err)
		}
		heap.Push(&m.open, c)
	}
	return nil
}

// advance goes on to the next row of the cursor that is first.
func (m *merger) advance(c *cursor) error {
	err := c.next()
	switch {
	case err == nil:
		heap.Fix(&m.open, 0)
		return nil
	case errors.Is(err, io.EOF):
		c.close()
		heap.Pop(&m.open)
		return nil
	}
	return err
}

func (c *cursor) next() error {
	c.row = Request{}
	return c.rows.next(&c.row)
}

func (c *cursor) close() {
	c.rows.close()
	c.closer.Close()
}

func (m *merger) close() {
	for _, c := range m.open {
		c.close()
	}
	m.open, m.waiting = nil, nil
}

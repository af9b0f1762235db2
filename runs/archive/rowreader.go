package archive

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// readBatch is how many values of a column are read at once.
const readBatch = 128

// rowReader reads the rows of one row group.
type rowReader[T any] struct {
	columns []columnReader[T]
	left    int64 // rows
	texts   *texts
}

// columnReader reads the values of a column, row by row.
type columnReader[T any] struct {
	column *column[T]
	repeat bool
	values parquet.ColumnChunkValueReader
	buffer []parquet.Value
	have   []parquet.Value // of buffer, not read yet
	row    []parquet.Value // of a list
}

// newRowReader reads some columns of a row group, all of the table's if none are named.
// Columns that the file lacks are left out: an older writer had none.
func newRowReader[T any](t *table[T], group parquet.RowGroup, wanted map[string]bool, texts *texts) (*rowReader[T], error) {
	r := &rowReader[T]{left: group.NumRows(), texts: texts}
	chunks := group.ColumnChunks()
	for i := range t.columns {
		c := &t.columns[i]
		if wanted != nil && !wanted[c.name] {
			continue
		}
		leaf, ok := group.Schema().Lookup(c.name)
		if !ok {
			continue
		}
		if err := sameKind(c.name, leaf, c.node); err != nil {
			r.close()
			return nil, err
		}
		r.columns = append(r.columns, columnReader[T]{
			column: c, repeat: c.node.Repeated(),
			values: parquet.NewColumnChunkValueReader(chunks[leaf.ColumnIndex]), buffer: make([]parquet.Value, readBatch),
		})
	}
	return r, nil
}

// sameKind finds a column that is not what this package writes under its name.
func sameKind(name string, leaf parquet.LeafColumn, node parquet.Node) error {
	if !leaf.Node.Leaf() || leaf.Node.Type().Kind() != node.Type().Kind() || leaf.Node.Repeated() != node.Repeated() {
		return fmt.Errorf("column %s is of another type: no archive of loadtrace has it so", name)
	}
	return nil
}

// next reads a row; io.EOF is the end of the group.
func (r *rowReader[T]) next(row *T) (err error) {
	if r.left == 0 {
		return io.EOF
	}
	defer func() {
		if p := recover(); p != nil { // of the library, on a file that is damaged
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	for i := range r.columns {
		c := &r.columns[i]
		values, err := c.next()
		if err != nil {
			return fmt.Errorf("column %s: %w", c.column.name, ended(err))
		}
		c.column.read(row, values, r.texts)
	}
	r.left--
	return nil
}

// ended is an error of a column that has fewer rows than its row group.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (r *rowReader[T]) close() {
	for i := range r.columns {
		r.columns[i].values.Close()
	}
	r.columns, r.left = nil, 0
}

// next are the values of the next row: one, or all of a list.
func (c *columnReader[T]) next() ([]parquet.Value, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	if !c.repeat {
		v := c.have[:1]
		c.have = c.have[1:]
		return v, nil
	}
	c.row = append(c.row[:0], c.have[0].Clone())
	c.have = c.have[1:]
	for {
		if err := c.fill(); errors.Is(err, io.EOF) || err == nil && c.have[0].RepetitionLevel() == 0 {
			return c.row, nil
		} else if err != nil {
			return nil, err
		}
		c.row = append(c.row, c.have[0].Clone())
		c.have = c.have[1:]
	}
}

func (c *columnReader[T]) fill() error {
	for len(c.have) == 0 {
		n, err := c.values.ReadValues(c.buffer)
		if n == 0 && err != nil {
			return err
		}
		c.have = c.buffer[:n]
	}
	return nil
}

// openFile opens a Parquet file for reading. The file must be closed.
func openFile(path string) (file *parquet.File, closer io.Closer, err error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if p := recover(); p != nil { // of the library, on a file that is damaged
			err = fmt.Errorf("%v", p)
		}
		if err != nil {
			f.Close()
			file, closer, err = nil, nil, fmt.Errorf("%s is damaged, or no Parquet file: %w", path, err)
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	file, err = parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(pageRead))
	return file, f, err
}

// pageRead is the buffer of each column that is read, in bytes.
const pageRead = 4 << 10

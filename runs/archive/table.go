package archive

import (
	"io"
	"reflect"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// table is the columns of a file, in their order.
type table[T any] struct {
	columns []column[T]
	schema  *parquet.Schema
	sorted  []parquet.SortingColumn // that rows are sorted by, within a row group and over all
}

func newTable[T any](name string, columns ...[]column[T]) *table[T] {
	t := &table[T]{columns: slices.Concat(columns...)}
	var fields []parquet.Field
	for _, c := range t.columns {
		fields = append(fields, field{c.node, c.name})
	}
	t.schema = parquet.NewSchema(name, ordered{fields: fields})
	return t
}

// names of the columns.
func (t *table[T]) names() (names []string) {
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return names
}

// ordered is a group whose fields keep their order.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

// field is one of ordered.
type field struct {
	parquet.Node
	name string
}

func (f field) Name() string { return f.name }

// Value would be for rows that are structs of the schema's shape, which none is here.
func (f field) Value(reflect.Value) reflect.Value { return reflect.Value{} }

// Compression of a segment, which is written while the run is under way, and of a file
// that is kept.
var (
	quick    = &zstd.Codec{Level: zstd.SpeedFastest}
	thorough = &zstd.Codec{Level: zstd.SpeedDefault}
)

// Sizes of pages, in bytes before compression. Many segments are read at once, a page of
// each column at a time; files that are kept are read one after the other.
const (
	segmentPage = 16 << 10
	keptPage    = 64 << 10
)

// writeBatch is how many rows are given to the columns at once.
const writeBatch = 256

func isKey(column string) bool { return column == ColumnAttackIndex || column == ColumnSeq }

// rowWriter writes rows into Parquet files, one after the other.
type rowWriter[T any] struct {
	table  *table[T]
	w      *parquet.GenericWriter[any]
	values []parquet.Value
}

func newRowWriter[T any](t *table[T], codec *zstd.Codec, page int) *rowWriter[T] {
	options := []parquet.WriterOption{
		t.schema, parquet.Compression(codec), parquet.PageBufferSize(page),
		parquet.DictionaryMaxBytes(int64(page) * 4), parquet.WriteBufferSize(32 << 10),
	}
	if len(t.sorted) > 0 {
		options = append(options, parquet.SortingWriterConfig(parquet.SortingColumns(t.sorted...)))
	}
	if page == segmentPage { // which is read whole: a reader looks for keys alone
		for _, c := range t.columns {
			if !isKey(c.name) {
				options = append(options, parquet.SkipPageStatistics(c.name), parquet.SkipPageBounds(c.name))
			}
		}
	}
	return &rowWriter[T]{table: t, w: parquet.NewGenericWriter[any](io.Discard, options...)}
}

// begin has what is written from now on go to a file.
func (w *rowWriter[T]) begin(to io.Writer) { w.w.Reset(to) }

// write adds rows. They are all in memory until group or end.
func (w *rowWriter[T]) write(rows []T) error {
	for batch := range slices.Chunk(rows, writeBatch) {
		for i, to := range w.w.ColumnWriters() {
			w.values = w.table.columns[i].write(w.values[:0], batch)
			if _, err := to.WriteRowValues(w.values); err != nil {
				return err
			}
		}
	}
	return nil
}

// group ends a row group.
func (w *rowWriter[T]) group() error { return w.w.Flush() }

// end ends the file.
func (w *rowWriter[T]) end() error {
	clear(w.values[:cap(w.values)]) // which hold texts
	return w.w.Close()
}

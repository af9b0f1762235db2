package archive

import (
	"slices"
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// column is one of a table whose rows are of type T: how its values are written from rows
// and read into one. A table is a list of these, so that what is written, what is read and
// what is documented cannot differ.
type column[T any] struct {
	name string
	node parquet.Node
	// write makes the values of rows, for each one or, of a list, all of its own. It uses
	// the room of an empty list.
	write func(to []parquet.Value, rows []T) []parquet.Value
	// read sets a row's field from the values of the row.
	read func(row *T, values []parquet.Value, texts *texts)
}

// Encodings. Numbers that follow each other closely take little room as differences,
// values that repeat as entries of a dictionary.
var (
	delta      = &parquet.DeltaBinaryPacked
	dictionary = &parquet.RLEDictionary
	plain      = &parquet.Plain
)

type whole interface {
	~int | ~int32 | ~int64 | ~uint64
}

var null = parquet.NullValue()

func number[V whole](v V) parquet.Value { return parquet.Int64Value(int64(v)) }

// integers is a column of numbers, each of which is known.
func integers[T any, V whole](name string, field func(*T) *V) column[T] {
	return column[T]{
		name: name,
		node: parquet.Encoded(parquet.Leaf(parquet.Int64Type), delta),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			for i := range rows {
				to = append(to, number(*field(&rows[i])))
			}
			return to
		},
		read: func(row *T, values []parquet.Value, _ *texts) { *field(row) = V(values[0].Int64()) },
	}
}

// nonzero is a column of numbers of which 0 is none.
func nonzero[T any, V whole](name string, field func(*T) *V) column[T] {
	c := integers(name, field)
	c.node = parquet.Optional(c.node)
	c.write = func(to []parquet.Value, rows []T) []parquet.Value {
		to = nulls(to, len(rows))
		for i := range rows {
			if v := *field(&rows[i]); v != 0 {
				set(&to[i], number(v))
			}
		}
		return to
	}
	c.read = func(row *T, values []parquet.Value, _ *texts) {
		if !values[0].IsNull() {
			*field(row) = V(values[0].Int64())
		}
	}
	return c
}

// figures is a column of numbers of which some are unknown.
func figures[T any, V whole](name string, field func(*T) *Optional[V]) column[T] {
	return column[T]{
		name: name,
		node: parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.Int64Type), delta)),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			to = nulls(to, len(rows))
			for i := range rows {
				if v := field(&rows[i]); v.OK {
					set(&to[i], number(v.V))
				}
			}
			return to
		},
		read: func(row *T, values []parquet.Value, _ *texts) {
			if !values[0].IsNull() {
				*field(row) = Known(V(values[0].Int64()))
			}
		},
	}
}

// fractions is a column of floating-point numbers of which some are unknown.
func fractions[T any](name string, field func(*T) *Optional[float64]) column[T] {
	return column[T]{
		name: name,
		node: parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.DoubleType), dictionary)),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			to = nulls(to, len(rows))
			for i := range rows {
				if v := field(&rows[i]); v.OK {
					set(&to[i], parquet.DoubleValue(v.V))
				}
			}
			return to
		},
		read: func(row *T, values []parquet.Value, _ *texts) {
			if !values[0].IsNull() {
				*field(row) = Known(values[0].Double())
			}
		},
	}
}

// doubles is a column of floating-point numbers, each of which is known.
func doubles[T any](name string, field func(*T) *float64) column[T] {
	return column[T]{
		name: name,
		node: parquet.Encoded(parquet.Leaf(parquet.DoubleType), plain),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			for i := range rows {
				to = append(to, parquet.DoubleValue(*field(&rows[i])))
			}
			return to
		},
		read: func(row *T, values []parquet.Value, _ *texts) { *field(row) = values[0].Double() },
	}
}

// flags is a column of booleans.
func flags[T any](name string, field func(*T) *bool) column[T] {
	return column[T]{
		name: name,
		node: parquet.Leaf(parquet.BooleanType),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			for i := range rows {
				to = append(to, parquet.BooleanValue(*field(&rows[i])))
			}
			return to
		},
		read: func(row *T, values []parquet.Value, _ *texts) { *field(row) = values[0].Boolean() },
	}
}

// words is a column of texts that repeat; the empty text is none.
func words[T any, V ~string](name string, field func(*T) *V) column[T] {
	return column[T]{
		name: name,
		node: parquet.Optional(parquet.Encoded(parquet.String(), dictionary)),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			to = nulls(to, len(rows))
			for i := range rows {
				if v := *field(&rows[i]); v != "" {
					set(&to[i], text(string(v)))
				}
			}
			return to
		},
		read: func(row *T, values []parquet.Value, texts *texts) {
			if !values[0].IsNull() {
				*field(row) = V(texts.of(values[0].ByteArray()))
			}
		},
	}
}

// distinct is words for texts that hardly ever repeat.
func distinct[T any, V ~string](name string, field func(*T) *V) column[T] {
	c := words(name, field)
	c.node = parquet.Optional(parquet.Encoded(parquet.String(), plain))
	return c
}

// lists is a column of lists of numbers.
func lists[T any, V whole](name string, field func(*T) *[]V) column[T] {
	return column[T]{
		name: name,
		node: parquet.Repeated(parquet.Encoded(parquet.Leaf(parquet.Int64Type), delta)),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			for i := range rows {
				to = appendList(to, *field(&rows[i]), number[V])
			}
			return to
		},
		read: func(row *T, values []parquet.Value, _ *texts) {
			*field(row) = readList(values, func(v parquet.Value) V { return V(v.Int64()) })
		},
	}
}

// doubleLists is lists of floating-point numbers.
func doubleLists[T any](name string, field func(*T) *[]float64) column[T] {
	return column[T]{
		name: name,
		node: parquet.Repeated(parquet.Encoded(parquet.Leaf(parquet.DoubleType), plain)),
		write: func(to []parquet.Value, rows []T) []parquet.Value {
			for i := range rows {
				to = appendList(to, *field(&rows[i]), parquet.DoubleValue)
			}
			return to
		},
		read: func(row *T, values []parquet.Value, _ *texts) {
			*field(row) = readList(values, parquet.Value.Double)
		},
	}
}

// nulls makes a list of so many nulls of an empty one.
func nulls(to []parquet.Value, n int) []parquet.Value {
	to = slices.Grow(to, n)[:n]
	clear(to)
	return to
}

// set sets a value of an optional column.
func set(to *parquet.Value, v parquet.Value) {
	v.SetDefinitionLevel(1)
	*to = v
}

// appendList writes the values of a list: the first begins a row. An empty one is null.
func appendList[V any](to []parquet.Value, list []V, value func(V) parquet.Value) []parquet.Value {
	if len(list) == 0 {
		return append(to, null)
	}
	for i, v := range list {
		to = append(to, value(v).Level(min(i, 1), 1, 0))
	}
	return to
}

func readList[V any](values []parquet.Value, read func(parquet.Value) V) []V {
	if values[0].IsNull() {
		return nil
	}
	list := make([]V, len(values))
	for i := range values {
		list[i] = read(values[i])
	}
	return list
}

// text is a value that shares the bytes of a string, which nobody changes.
func text(s string) parquet.Value {
	return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(s), len(s)))
}

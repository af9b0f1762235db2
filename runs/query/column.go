package query

import (
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/internal/spelling"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// Kind of a column's values.
type Kind int

const (
	Text     Kind = iota // string; missing if empty
	Number               // int64 or float64
	Duration             // time.Duration
	Flag                 // bool
	Moment               // time.Time
)

func (k Kind) String() string {
	return [...]string{"text", "number", "duration", "true or false", "time"}[k]
}

// Column is one of a request.
type Column struct {
	Name string
	Kind Kind
	// Doc says what the column has, without a full stop.
	Doc string
	// Values are those that a text can have, if these are few.
	Values []string
	// Reads are the columns of requests.parquet that it is made of; none is the one of its
	// name alone.
	Reads []string

	fraction bool // a number is a float64
	value    func(*archive.Request) (v any, known bool)
}

// Value is the column of a request: a string, int64, float64, bool, time.Duration or
// time.Time. It is not known if there is none.
func (c *Column) Value(r *archive.Request) (v any, known bool) { return c.value(r) }

// aliases are other names of columns.
var aliases = map[string]string{
	"route": "server_route", "service": "server_service", "instance": "server_instance", "error": "error_type",
	"target": "url_full", "url": "url_full", "excerpt": "response_excerpt", "method": "request_method", "reused": "connection_reused", "dialed": "connections_dialed",
	"connection": "phase_connection", "dns": "phase_dns", "connect": "phase_connect", "tls": "phase_tls",
	"write": "phase_write", "wait": "phase_wait", "read": "phase_read",
}

// find returns the column of a name or of an alias.
func find(name string) (*Column, bool) {
	if of, ok := aliases[name]; ok {
		name = of
	}
	c, ok := byName[name]
	return c, ok
}

var byName = func() map[string]*Column {
	m := make(map[string]*Column, len(Columns))
	for i := range Columns {
		m[Columns[i].Name] = &Columns[i]
	}
	return m
}()

// Aliases are the other names of a column.
func (c *Column) Aliases() (names []string) {
	for alias, name := range aliases {
		if name == c.Name {
			names = append(names, alias)
		}
	}
	slices.Sort(names)
	return names
}

// nearest is the column that an unknown name may have been meant for.
func nearest(name string) (string, bool) {
	names := make([]string, 0, len(Columns)+len(aliases))
	for i := range Columns {
		names = append(names, Columns[i].Name)
	}
	for alias := range aliases {
		names = append(names, alias)
	}
	return spelling.Nearest(name, names)
}

func text(name, doc string, get func(*archive.Request) string, values ...string) Column {
	return Column{Name: name, Kind: Text, Doc: doc, Values: values, value: func(r *archive.Request) (any, bool) {
		v := get(r)
		return v, v != ""
	}}
}

// number is a count, which is never missing.
func number(name, doc string, get func(*archive.Request) int) Column {
	return Column{Name: name, Kind: Number, Doc: doc, value: func(r *archive.Request) (any, bool) { return int64(get(r)), true }}
}

// took is a duration that is missing where it is 0: the request was not sent, or the phase
// did not occur.
func took(name, doc string, get func(*archive.Request) time.Duration) Column {
	return Column{Name: name, Kind: Duration, Doc: doc, value: func(r *archive.Request) (any, bool) {
		v := get(r)
		return v, v != 0
	}}
}

func flag(name, doc string, get func(*archive.Request) bool) Column {
	return Column{Name: name, Kind: Flag, Doc: doc, value: func(r *archive.Request) (any, bool) { return get(r), true }}
}

func moment(name, doc string, get func(*archive.Request) int64) Column {
	return Column{Name: name, Kind: Moment, Doc: doc, value: func(r *archive.Request) (any, bool) {
		ns := get(r)
		return time.Unix(0, ns).UTC(), ns != 0
	}}
}

func maybeTook(name, doc string, get func(*archive.Request) archive.Optional[time.Duration]) Column {
	return Column{Name: name, Kind: Duration, Doc: doc, value: func(r *archive.Request) (any, bool) {
		v := get(r)
		return v.V, v.OK
	}}
}

func maybeCount(name, doc string, get func(*archive.Request) archive.Optional[int64]) Column {
	return Column{Name: name, Kind: Number, Doc: doc, value: func(r *archive.Request) (any, bool) {
		v := get(r)
		return v.V, v.OK
	}}
}

// of says which columns of requests.parquet a column is made of.
func (c Column) of(reads ...string) Column {
	c.Reads = reads
	return c
}

// when says of which requests a column is known, and what it is made of.
func (c Column) when(known func(*archive.Request) bool, reads ...string) Column {
	inner := c.value
	c.value = func(r *archive.Request) (any, bool) {
		v, _ := inner(r)
		return v, known(r)
	}
	return c.of(reads...)
}

// Reads are the columns of requests.parquet that some columns are made of.
func Reads(columns ...*Column) (names []string) {
	for _, c := range columns {
		if len(c.Reads) == 0 {
			names = append(names, c.Name)
			continue
		}
		names = append(names, c.Reads...)
	}
	return names
}

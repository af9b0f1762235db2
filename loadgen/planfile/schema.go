package planfile

import (
	"reflect"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// The keys of a plan are the yaml tags of loadgen.Plan and the types within it.

var (
	durationType = reflect.TypeFor[time.Duration]()
	rateType     = reflect.TypeFor[pace.Rate]()
	bytesType    = reflect.TypeFor[loadgen.Bytes]()
)

// field is a key of a struct.
type field struct {
	key      string
	index    int
	optional bool
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		key, flags, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if key == "-" {
			continue
		}
		fields = append(fields, field{key: key, index: i, optional: flags == "omitempty"})
	}
	return fields
}

func fieldOf(t reflect.Type, key string) (field, bool) {
	for _, f := range fieldsOf(t) {
		if f.key == key {
			return f, true
		}
	}
	return field{}, false
}

func knownKeys(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		keys = append(keys, f.key)
	}
	return keys
}

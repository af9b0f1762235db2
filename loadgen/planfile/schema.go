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

// nearest is the known key that a mistyped one may have been meant for: within
// two edits, or one for a short word.
func nearest(key string, known []string) (string, bool) {
	best, distance := "", min(3, len(key)/2+1)
	for _, k := range known {
		if len(key) > 2*len(k) {
			continue
		}
		if d := edits(strings.ToLower(key), k); d < distance {
			best, distance = k, d
		}
	}
	return best, best != ""
}

// edits is the Levenshtein distance of two words, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

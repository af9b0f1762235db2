package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/targets"
)

// Variables may stand for any value: what one holds is not known to a schema.
const variable = `|\$\{env:`

// units are the types of a plan's values that are written with a unit, and the patterns of
// what is written.
var units = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[time.Duration](): {Type: "string", Pattern: `^-?([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+$` + variable},
	reflect.TypeFor[pace.Rate]():     {Type: "string", Pattern: `^[+-]?[0-9]+(\.[0-9]+)?/[smh]$` + variable},
	reflect.TypeFor[loadgen.Bytes](): {Type: "string", Pattern: `^[0-9]+ *([KMGT]i?B|kB|B)$` + variable},
	reflect.TypeFor[loadgen.Limit](): {Types: []string{"string", "number"}},
}

// words are the values of texts that have few.
var words = map[string][]any{
	"order":                         {"parallel", "sequence"},
	"attacks[].http.protocol":       {"auto", "http/1", "h2", "h2c"},
	"attacks[].http.targets.format": {"http", "json"},
	"attacks[].grpc.compression":    {"gzip"},
	"attacks[].grpc.stream.end":     {"half_close", "cancel"},
	"thresholds[].stat":             {"mean", "max"},
	"thresholds[].metric":           anys(loadgen.Metrics()),
	"attacks[].http.method":         anys(targets.Methods),
}

func anys[T ~string](list []T) (all []any) {
	for _, v := range list {
		all = append(all, string(v))
	}
	return all
}

// exactlyOne are the keys of which a mapping has one.
var exactlyOne = map[string][][]string{
	"attacks[]":        {{"http", "grpc"}},
	"attacks[].http":   {{"url", "targets"}},
	"attacks[].load[]": {{"constant", "ramp", "steps", "sine", "poisson", "max"}, {"duration", "count"}},
	"thresholds[]":     {{"at_most", "at_least"}},
}

// Plan is the schema of a plan. reference is the path of docs/plan.md.
//
// It is stricter than the parser in this: a key has a value, and a plan no merge keys.
func Plan(reference string) (*jsonschema.Schema, error) {
	entries, err := readReference(reference)
	if err != nil {
		return nil, fmt.Errorf("read the reference of plans: %w", err)
	}
	b := &planBuilder{entries: entries}
	s := b.value(reflect.TypeFor[loadgen.Plan](), "")
	s.Schema, s.ID, s.Title = draft, base+"plan.schema.json", "Loadtrace plan"
	s.Description = "What a load test does: which targets it attacks, with which requests, and how many of them when."
	return s, b.err
}

type planBuilder struct {
	entries map[string]keyDescription
	err     error
}

func (b *planBuilder) value(t reflect.Type, path string) *jsonschema.Schema {
	if unit := units[t]; unit != nil {
		return new(*unit)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.value(t.Elem(), path)
	case reflect.Struct:
		return b.mapping(t, path)
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: b.value(t.Elem(), path+"[]")}
	case reflect.Map:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: text()}
	case reflect.Bool:
		return orVariable("boolean")
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return orVariable("integer")
	case reflect.Float64:
		return orVariable("number")
	}
	if few := words[path]; few != nil {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Enum: few}, {Type: "string", Pattern: variable[1:]}}}
	}
	if strings.HasSuffix(path, ".grpc.data") {
		return &jsonschema.Schema{Types: []string{"string", "object", "array"}}
	}
	return text()
}

// text is any value that is taken as it is written.
func text() *jsonschema.Schema {
	return &jsonschema.Schema{Types: []string{"string", "number", "boolean"}}
}

func orVariable(kind string) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: kind}, {Type: "string", Pattern: variable[1:]}}}
}

func (b *planBuilder) mapping(t reflect.Type, path string) *jsonschema.Schema {
	s := object()
	s.AdditionalProperties = nothing()
	for _, k := range keysOf(t, "yaml") {
		at := strings.TrimPrefix(path+"."+k.name, ".")
		e, ok := b.entries[at]
		if !ok {
			b.err = fmt.Errorf("docs/plan.md has no key %s", at)
		}
		of := b.value(k.field.Type, at)
		of.Description = e.meaning
		if e.example != nil {
			of.Examples = []any{e.example}
		}
		if e.preset != "" && of.Type != "object" {
			of.Default = preset(e.preset, k.field.Type)
		}
		if e.required {
			s.Required = append(s.Required, k.name)
		}
		property(s, k.name, of)
	}
	for _, keys := range exactlyOne[path] {
		s.AllOf = append(s.AllOf, oneOf(keys...))
	}
	return s
}

// preset is a default as JSON: a number or a truth value as such.
func preset(written string, t reflect.Type) json.RawMessage {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	bare := []reflect.Kind{reflect.Bool, reflect.Int, reflect.Uint64, reflect.Float64}
	if slices.Contains(bare, t.Kind()) && units[t] == nil && json.Valid([]byte(written)) {
		return json.RawMessage(written)
	}
	quoted, err := json.Marshal(written)
	if err != nil {
		return nil // a text always has JSON
	}
	return quoted
}

package schema

import (
	"fmt"
	"path"
	"reflect"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

var (
	timeType        = reflect.TypeFor[time.Time]()
	environmentType = reflect.TypeFor[environment.Environment]()
)

// outcomes are the values of types of text that have few.
var outcomes = map[reflect.Type][]any{
	reflect.TypeFor[verdict.Verdict](): anys([]verdict.Verdict{verdict.None, verdict.Pass, verdict.Fail, verdict.Undecided, verdict.Sound}),
	reflect.TypeFor[verdict.Outcome](): anys([]verdict.Outcome{verdict.Passed, verdict.Breached, verdict.NoSamples}),
}

// Summary is the schema of what loadtrace run --json prints. root is the module's folder,
// in whose source the comments are.
//
// Other keys than those it has are allowed: later versions may have more.
func Summary(root string) (*jsonschema.Schema, error) {
	b := newSummaryBuilder(root)
	s := b.fields(reflect.TypeFor[summary.Summary]())
	s.Schema, s.ID, s.Title = draft, base+"summary.schema.json", "Loadtrace summary"
	s.Description = "What became of a run, as loadtrace run --json prints it. Times are in seconds. Later versions may have more keys."
	s.Properties["end"].Enum = ends
	s.Defs = b.defs
	return s, b.err
}

// ends are how a run may end.
var ends = []any{summary.Completed, summary.Stopped, summary.Failed}

func newSummaryBuilder(root string) *summaryBuilder {
	return &summaryBuilder{comments: comments{root: root, packages: map[string]map[string]map[string]string{}}, defs: map[string]*jsonschema.Schema{}, names: map[string]reflect.Type{}}
}

type summaryBuilder struct {
	comments comments
	defs     map[string]*jsonschema.Schema
	names    map[string]reflect.Type // of defs
	err      error
}

func (b *summaryBuilder) value(t reflect.Type) *jsonschema.Schema {
	switch {
	case t == timeType:
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case outcomes[t] != nil:
		return &jsonschema.Schema{Enum: outcomes[t]}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.value(t.Elem())
	case reflect.Struct:
		return b.ref(t)
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: b.value(t.Elem())}
	case reflect.Map:
		return &jsonschema.Schema{Type: "object", AdditionalProperties: b.value(t.Elem())}
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64:
		return &jsonschema.Schema{Type: "integer"}
	case reflect.Float64:
		return &jsonschema.Schema{Type: "number"}
	case reflect.String:
		return &jsonschema.Schema{Type: "string"}
	}
	b.err = fmt.Errorf("%s has no schema", t)
	return nil
}

// ref refers to the schema of a struct, which is made at the first time.
func (b *summaryBuilder) ref(t reflect.Type) *jsonschema.Schema {
	name := path.Base(t.PkgPath()) + "." + t.Name()
	if have := b.names[name]; have != nil && have != t {
		b.err = fmt.Errorf("two types are called %s", name)
	}
	if b.names[name] == nil {
		b.names[name] = t
		b.defs[name] = b.fields(t)
	}
	return &jsonschema.Schema{Ref: "#/$defs/" + name}
}

func (b *summaryBuilder) fields(t reflect.Type) *jsonschema.Schema {
	s := object()
	if t == environmentType { // its MarshalJSON adds this
		property(s, "fingerprint", &jsonschema.Schema{Type: "string", Description: "Tells two environments apart. Absent if nothing is known of one."})
	}
	for _, k := range keysOf(t, "json") {
		of := b.value(k.field.Type)
		if k.field.Type.Kind() == reflect.Pointer && !k.optional {
			of = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "null"}, of}}
		}
		text, err := b.comments.of(k.owner, k.field.Name)
		if err != nil {
			b.err = err
		}
		of.Description = text
		if !k.optional {
			s.Required = append(s.Required, k.name)
		}
		property(s, k.name, of)
	}
	return s
}

package schema

import (
	"reflect"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// draft is the version of JSON Schema that is written.
const draft = "https://json-schema.org/draft/2020-12/schema"

// base is where the schemas are published.
const base = "https://raw.githubusercontent.com/loadtrace/loadtrace/main/docs/schema/"

// key is a key of a struct, as a tag names it.
type key struct {
	name     string
	optional bool
	field    reflect.StructField
	owner    reflect.Type
}

// keysOf are the keys of a struct by a tag, yaml or json, in the order of its fields.
// Those of embedded structs are among them.
func keysOf(t reflect.Type, tag string) (keys []key) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, flags, _ := strings.Cut(f.Tag.Get(tag), ",")
		switch {
		case f.Anonymous && name == "":
			keys = append(keys, keysOf(f.Type, tag)...)
		case name != "-" && name != "":
			keys = append(keys, key{name: name, optional: strings.Contains(flags, "omitempty"), field: f, owner: t})
		}
	}
	return keys
}

// object is an empty schema of an object.
func object() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}}
}

// property adds a property at the end.
func property(s *jsonschema.Schema, name string, of *jsonschema.Schema) {
	s.Properties[name] = of
	s.PropertyOrder = append(s.PropertyOrder, name)
}

// nothing is the schema that no value meets: false.
func nothing() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

func oneOf(keys ...string) *jsonschema.Schema {
	s := &jsonschema.Schema{}
	for _, k := range keys {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{k}})
	}
	return s
}

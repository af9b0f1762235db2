package schema

import (
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/loadtrace/loadtrace/runs/archive"
)

// Archive is the schema of run.json in the archive of a run. root is as of Summary, and
// other keys are allowed too.
func Archive(root string) (*jsonschema.Schema, error) {
	b := newSummaryBuilder(root)
	s := b.fields(reflect.TypeFor[archive.Info]())
	s.Schema, s.ID, s.Title = draft, base+"run.schema.json", "Loadtrace archive of a run"
	s.Description = "run.json in the archive of a run. Times are in seconds. Later versions may have more keys."
	version := any(archive.SchemaVersion)
	s.Properties["schema_version"].Const = &version
	b.defs["summary.Summary"].Properties["end"].Enum = ends
	s.Defs = b.defs
	return s, b.err
}

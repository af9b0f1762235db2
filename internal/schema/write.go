package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/google/jsonschema-go/jsonschema"
)

// Files are the published schemas, by their path below the module's folder.
func Files(root string) (map[string][]byte, error) {
	plan, err := Plan(filepath.Join(root, "docs", "plan.md"))
	if err != nil {
		return nil, err
	}
	summary, err := Summary(root)
	if err != nil {
		return nil, err
	}
	run, err := Archive(root)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, s := range map[string]*jsonschema.Schema{"plan": plan, "summary": summary, "run": run} {
		compact, err := json.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("write the schema of the %s: %w", name, err)
		}
		var text bytes.Buffer
		if err := json.Indent(&text, compact, "", "  "); err != nil {
			return nil, err
		}
		text.WriteByte('\n')
		files["docs/schema/"+name+".schema.json"] = text.Bytes()
	}
	return files, nil
}

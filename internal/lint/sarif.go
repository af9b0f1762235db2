package lint

import (
	"io"
	"path/filepath"
)

// object is a JSON object.
type object = map[string]any

// SARIF writes the report as a log of the Static Analysis Results Interchange
// Format 2.1.0 (OASIS), which code hosts and editors read. Waived findings are there,
// suppressed.
func SARIF(w io.Writer, r *Report, rules Rules, version string) error {
	described := make([]object, 0, len(rules))
	for _, rule := range rules {
		described = append(described, object{
			"id":                   rule.ID,
			"shortDescription":     object{"text": rule.Reason},
			"help":                 object{"text": rule.Fix},
			"defaultConfiguration": object{"level": level(rule.Severity)},
		})
	}
	results := make([]object, 0, len(r.Findings))
	for i := range r.Findings {
		results = append(results, result(&r.Findings[i]))
	}
	return writeJSON(w, object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json",
		"version": "2.1.0",
		"runs": []object{{
			"tool":       object{"driver": object{"name": "loadtrace lint", "semanticVersion": version, "rules": described}},
			"columnKind": "unicodeCodePoints",
			"results":    results,
		}},
	})
}

func result(f *Finding) object {
	out := object{
		"ruleId":  f.Rule,
		"level":   level(f.Severity),
		"message": object{"text": f.Message() + "; " + f.Fix},
		"locations": []object{{"physicalLocation": object{
			"artifactLocation": object{"uri": filepath.ToSlash(f.File)},
			"region":           object{"startLine": f.Line, "startColumn": f.Column},
		}}},
	}
	if f.Waived != "" {
		out["suppressions"] = []object{{"kind": "inSource", "justification": f.Waived}}
	}
	return out
}

func level(s Severity) string {
	if s == Off {
		return "none"
	}
	return string(s) // error and warning are SARIF's words too
}

package report

import (
	"fmt"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// findings are the causes that the run names, each with its evidence to unfold.
func (m *markdown) findings(all []summary.Finding) {
	for i := range all {
		f := &all[i]
		m.linef("\n**Cause:** %s (%.0f %% sure)", text(f.Sentence), 100*f.Confidence)
		m.linef("\n<details><summary>Evidence, what to try, and what would refute it</summary>\n")
		for j := range f.Evidence {
			m.linef("- %s%s", text(f.Evidence[j].Text), traces(f.Evidence[j].TraceIDs))
		}
		for _, s := range f.Try {
			m.linef("- To try: %s", text(s))
		}
		for _, s := range f.Refute {
			m.linef("- It is refuted if: %s", text(s))
		}
		m.linef("\n</details>")
	}
}

func traces(ids []string) (links string) {
	for _, id := range ids {
		links += fmt.Sprintf(" `%s`", code(id))
	}
	return links
}

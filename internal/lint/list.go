package lint

import (
	"fmt"
	"io"
	"strings"
)

// List writes the rules for people.
func (rules Rules) List(w io.Writer) error {
	var text strings.Builder
	for _, r := range rules {
		fmt.Fprintf(&text, "%-7s  %s\n         a %s that %s\n         fix: %s\n", r.Severity, r.ID, strings.Join(r.For, " or "), r.Reason, r.Fix)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

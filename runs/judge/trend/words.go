package trend

import (
	"fmt"
	"strings"
)

// String returns the change in words. Runs are counted from 1.
func (c Change) String() string {
	return fmt.Sprintf("run %d: %.3g → %.3g (%+.1f %%, p = %.2g)", c.At+1, c.Before, c.After, 100*(c.After/c.Before-1), c.P)
}

// String returns a line for each change.
func (t Trend) String() string {
	switch {
	case t.Why != "":
		return "no change can be shown: " + t.Why
	case len(t.Changes) == 0:
		return fmt.Sprintf("no change is shown in %d runs", t.Runs)
	}
	lines := make([]string, len(t.Changes))
	for i, c := range t.Changes {
		lines[i] = c.String()
	}
	return strings.Join(lines, "\n")
}

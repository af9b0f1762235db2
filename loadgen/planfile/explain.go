package planfile

import (
	"errors"
	"fmt"
	"strings"
)

// maxLine bounds how much of a source line Explain shows, in characters.
const maxLine = 100

// Explain renders what Parse or Load returned for a terminal: each fault,
// below it its line of src without secrets, below that a caret at its column. It adds no
// colour. Other errors are rendered as they are.
func Explain(err error, src []byte) string {
	lines := strings.Split(strings.TrimPrefix(string(src), "\ufeff"), "\n")
	var out strings.Builder
	for _, fault := range flatten(err) {
		out.WriteString(fault.Error() + "\n")
		var e *Error
		if errors.As(fault, &e) && 0 < e.Line && e.Line <= len(lines) {
			out.WriteString(pointAt(covered(lines[e.Line-1], e.Key), e.Line, e.Column))
		}
	}
	return out.String()
}

// pointAt is a source line with a caret below the column.
func pointAt(text string, line, column int) string {
	r := []rune(printable(strings.TrimSuffix(text, "\r")))
	at := min(max(column-1, 0), len(r))
	from := max(0, at-maxLine*3/4)
	to := min(len(r), from+maxLine)
	before, after := "", ""
	if from > 0 {
		before = "…"
	}
	if to < len(r) {
		after = "…"
	}
	pad := strings.Map(func(c rune) rune {
		if c == '\t' { // as wide as the tab above it
			return c
		}
		return ' '
	}, before+string(r[from:at]))
	return fmt.Sprintf("%6d | %s%s%s\n       | %s^\n", line, before, string(r[from:to]), after, pad)
}

package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Report is what a check of files found.
type Report struct {
	Files    []string  `json:"files"`
	Findings []Finding `json:"findings"`
}

// Count is how many findings of a severity there are; waived ones do not count.
func (r *Report) Count(s Severity) (n int) {
	for i := range r.Findings {
		if r.Findings[i].Severity == s && r.Findings[i].Waived == "" {
			n++
		}
	}
	return n
}

// Waived is how many findings were waived.
func (r *Report) Waived() (n int) {
	for i := range r.Findings {
		if r.Findings[i].Waived != "" {
			n++
		}
	}
	return n
}

// Text writes findings for people and editors, a line each with its fix below.
func Text(w io.Writer, r *Report) error {
	var out strings.Builder
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Waived != "" {
			fmt.Fprintf(&out, "%s:%d:%d: %s: waived: %s\n", f.File, f.Line, f.Column, f.Rule, f.Waived)
			continue
		}
		fmt.Fprintf(&out, "%s:%d:%d: %s: %s: %s\n", f.File, f.Line, f.Column, f.Severity, f.Rule, f.Message())
		fmt.Fprintf(&out, "    %s\n", f.Fix)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// JSON writes the report for a program.
func JSON(w io.Writer, r *Report) error {
	told := *r
	if told.Findings == nil {
		told.Findings = []Finding{}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(told)
}

// GitHub writes workflow commands, which GitHub shows at the lines of a pull request.
func GitHub(w io.Writer, r *Report) error {
	var out strings.Builder
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Waived != "" {
			continue
		}
		fmt.Fprintf(&out, "::%s file=%s,line=%d,col=%d,title=%s::%s\n",
			f.Severity, property(f.File), f.Line, f.Column, property(f.Rule), data(f.Message()+"; "+f.Fix))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// What a workflow command must not have as it is.
var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func data(s string) string     { return dataEscapes.Replace(s) }
func property(s string) string { return propertyEscapes.Replace(s) }

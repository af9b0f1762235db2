package lint

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/loadtrace/loadtrace/internal/plaintext"
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
		text := fmt.Sprintf("%s: %s: %s", f.Severity, f.Rule, f.Message())
		if f.Waived != "" {
			text = fmt.Sprintf("%s: waived: %s", f.Rule, f.Waived)
		}
		fmt.Fprintf(&out, "%s:%d:%d: %s\n", plaintext.Line(lineStart(f.File)), f.Line, f.Column, plaintext.Line(text))
		if f.Waived == "" {
			fmt.Fprintf(&out, "    %s\n", plaintext.Line(f.Fix))
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// lineStart keeps the name of a file at the start of a line from being a workflow
// command, which a code host takes from all that a job prints. The file has this name too.
func lineStart(file string) string {
	if t := strings.TrimLeft(file, " "); strings.HasPrefix(t, "::") || strings.HasPrefix(t, "##[") {
		return "./" + file
	}
	return file
}

// JSON writes the report for a program.
func JSON(w io.Writer, r *Report) error {
	out := *r
	if out.Findings == nil {
		out.Findings = []Finding{}
	}
	return writeJSON(w, out)
}

// writeJSON writes a value so that a terminal shows it as it is.
func writeJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(plaintext.JSON(text), '\n'))
	return err
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

func data(s string) string     { return dataEscapes.Replace(plaintext.Parameter(s)) }
func property(s string) string { return propertyEscapes.Replace(plaintext.Parameter(s)) }

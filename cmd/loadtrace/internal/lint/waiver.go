package lint

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/token"
)

// waiver is a comment that takes findings of a rule back, with a reason:
//
//	# lint:allow debug-exporter: shows the reader what comes out
//
// It counts for its own line, or, if it stands alone, for the line after it and the
// comments there; on the line of a component it counts for all of the component.
type waiver struct {
	rule, reason string
	line         int // that it counts for
	place        Place
	used         bool
}

var waiverText = regexp.MustCompile(`^\s*lint:allow\s+([A-Za-z0-9_-]+)\s*(?::\s*(.*?)\s*)?$`)

// waiversOf finds the waivers among tokens.
func waiversOf(tokens token.Tokens) (out []*waiver) {
	for i, t := range tokens {
		if t.Type != token.CommentType {
			continue
		}
		m := waiverText.FindStringSubmatch(t.Value)
		if m == nil {
			continue
		}
		line := t.Position.Line
		if i == 0 || tokens[i-1].Position.Line != line { // alone on its line
			for _, next := range tokens[i+1:] {
				if next.Type != token.CommentType {
					line = next.Position.Line
					break
				}
			}
		}
		out = append(out, &waiver{rule: m[1], reason: m[2], line: line, place: placeOf(t)})
	}
	return out
}

// waive is the reason of a waiver of a rule for one of the lines, or nothing.
func (c *config) waive(rule string, lines ...int) string {
	for _, w := range c.waivers {
		if w.rule == rule && w.reason != "" && slices.Contains(lines, w.line) {
			w.used = true
			return w.reason
		}
	}
	return ""
}

// judge finds what is wrong with a waiver itself.
func (rules Rules) judge(w *waiver) []Finding {
	f := Finding{Place: w.place, Rule: "waiver", Severity: Error}
	at := slices.IndexFunc(rules, func(r *Rule) bool { return r.ID == w.rule })
	switch {
	case at < 0 && len(rules) == 1:
		return nil // of another rule, while a rule is held against its examples
	case at < 0:
		f.Reason, f.Fix = fmt.Sprintf("there is no rule %s to waive", w.rule), "correct its id, or remove the comment"
	case w.reason == "":
		f.Reason, f.Fix = fmt.Sprintf("%s is waived without a reason", w.rule), "write one: lint:allow "+w.rule+": why it may be so here"
	case !w.used && rules[at].Severity != Off:
		f.Severity = Warning
		f.Reason, f.Fix = fmt.Sprintf("%s is waived and finds nothing here", w.rule), "remove the comment"
	default:
		return nil
	}
	return []Finding{f}
}

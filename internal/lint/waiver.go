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

// waivers are those of a text.
type waivers struct {
	all    []*waiver
	byLine map[waived]*waiver // made at first use
}

// waived is what a waiver is for.
type waived struct {
	rule string
	line int
}

// waiversOf finds the waivers among tokens.
func waiversOf(tokens token.Tokens) *waivers {
	ws := &waivers{}
	below := 0 // line of the next token that is no comment
	for i, t := range slices.Backward(tokens) {
		if t.Type != token.CommentType {
			below = t.Position.Line
			continue
		}
		m := waiverText.FindStringSubmatch(t.Value)
		if m == nil {
			continue
		}
		line := t.Position.Line
		if alone := i == 0 || tokens[i-1].Position.Line != line; alone && below > 0 {
			line = below
		}
		ws.all = append(ws.all, &waiver{rule: m[1], reason: m[2], line: line, place: placeOf(t)})
	}
	slices.Reverse(ws.all)
	return ws
}

// moved to where the text stands in its file.
func (ws *waivers) moved(lines, columns int) *waivers {
	for _, w := range ws.all {
		w.line += lines
		w.place = Place{w.place.Line + lines, w.place.Column + columns}
	}
	return ws
}

// at is the waiver of a rule for a line that has a reason, the first of several.
func (ws *waivers) at(rule string, line int) *waiver {
	if ws.byLine == nil {
		ws.byLine = map[waived]*waiver{}
		for _, w := range slices.Backward(ws.all) {
			if w.reason != "" {
				ws.byLine[waived{w.rule, w.line}] = w
			}
		}
	}
	return ws.byLine[waived{rule, line}]
}

// waive is the reason of a waiver of a rule for one of the lines, or nothing.
func (c *config) waive(rule string, lines ...int) string {
	for _, ws := range c.waivers {
		for _, line := range lines {
			if w := ws.at(rule, line); w != nil {
				w.used = true
				return w.reason
			}
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

package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
)

// Finding is a place in a configuration that breaks a rule.
type Finding struct {
	File string `json:"file"`
	Place
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Subject is what has the fault: a component, a pipeline, or a text.
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail,omitempty"`
	Fix     string `json:"fix,omitempty"`
	// Waived is the reason why it is allowed all the same, by a comment.
	Waived string `json:"waived,omitempty"`
}

// Message is the finding in a sentence.
func (f *Finding) Message() string {
	text := f.Reason
	if f.Subject != "" {
		text = f.Subject + ": " + text
	}
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	return text
}

// Check holds a file against the rules. Findings are in the order of their places. An
// error is of the file itself, which is no configuration then.
func (rules Rules) Check(file string, src []byte) ([]Finding, error) {
	configs, err := readConfigs(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out []Finding
	seen := map[*waivers]bool{}
	for _, c := range configs {
		found, err := rules.look(c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, found...)
	}
	for _, c := range configs {
		for _, ws := range c.waivers {
			if seen[ws] {
				continue
			}
			seen[ws] = true
			for _, w := range ws.all {
				out = append(out, rules.judge(w)...)
			}
		}
	}
	for i := range out {
		out[i].File = file
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule))
	})
	return out, nil
}

// look holds one configuration against the rules.
func (rules Rules) look(c *config) (out []Finding, err error) {
	subjects := c.subjects()
	for _, r := range rules {
		if r.Severity == Off {
			continue
		}
		for i := range subjects {
			s := &subjects[i]
			if !slices.Contains(r.For, s.Kind) {
				continue
			}
			f, err := r.look(c, s)
			if err != nil {
				return nil, err
			}
			if f != nil {
				out = append(out, *f)
			}
		}
	}
	return out, nil
}

// look is the finding of a rule in a subject, if there is one.
func (r *Rule) look(c *config, s *Subject) (*Finding, error) {
	wrong, err := expr.Run(r.when, *s)
	if err != nil {
		return nil, fmt.Errorf("line %d: rule %s on %s: %w", s.place.Line, r.ID, s.ID, err)
	}
	if wrong != true {
		return nil, nil
	}
	f := &Finding{Place: r.place(c, s), Rule: r.ID, Severity: r.Severity, Reason: r.Reason, Fix: r.Fix}
	if s.Kind != "text" {
		f.Subject = s.Kind + " " + s.ID
	}
	if r.detail != nil {
		detail, err := expr.Run(r.detail, *s)
		if err != nil {
			return nil, fmt.Errorf("line %d: detail of rule %s on %s: %w", s.place.Line, r.ID, s.ID, err)
		}
		f.Detail = words(detail)
	}
	f.Waived = c.waive(r.ID, f.Line, s.place.Line)
	return f, nil
}

// place is where the fault stands: the first of the rule's paths that is there.
func (r *Rule) place(c *config, s *Subject) Place {
	for _, at := range r.At {
		if p, ok := c.places[s.path+sep+strings.ReplaceAll(at, ".", sep)]; ok {
			return p
		}
	}
	return s.place
}

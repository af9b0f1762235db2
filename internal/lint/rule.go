package lint

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/goccy/go-yaml"
)

// Severity of a rule.
type Severity string

const (
	Error   Severity = "error"   // fails the check
	Warning Severity = "warning" // fails it with --strict
	Off     Severity = "off"     // turns the rule off
)

// Rule is one thing that may be wrong.
type Rule struct {
	ID       string   `yaml:"id"`
	Severity Severity `yaml:"severity"`
	// For is the kinds of subject that it looks at.
	For []string `yaml:"for"`
	// When is the condition: an expression over a Subject that is true for what is wrong.
	When string `yaml:"when"`
	// At is where below the subject it stands, dotted, the first that is there; the
	// subject itself if none is.
	At []string `yaml:"at"`
	// Detail is an expression for what is wrong in particular, shown after the reason.
	Detail string `yaml:"detail"`
	Reason string `yaml:"reason"`
	Fix    string `yaml:"fix"`
	// Bad and Good are configurations that it must and must not find fault with.
	Bad  []string `yaml:"bad"`
	Good []string `yaml:"good"`

	when, detail *vm.Program
}

// Rules are those that a check goes by, in their order.
type Rules []*Rule

//go:embed rules.yaml
var builtIn []byte

// Source is a file of rules.
type Source struct {
	Name string // for errors
	Text []byte
}

// Load reads the built-in rules and then those of more sources. A rule with the id of
// an earlier one changes it: what it does not give stays, so that
// {id: queue-in-memory, severity: "off"} is enough to turn one off.
func Load(more ...Source) (Rules, error) {
	var rules Rules
	for _, s := range append([]Source{{"built-in rules", builtIn}}, more...) {
		var err error
		if rules, err = rules.with(s.Text); err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return rules, nil
}

func (rules Rules) with(src []byte) (Rules, error) {
	var file struct {
		Rules []map[string]any `yaml:"rules"`
	}
	if _, _, err := parse(string(src)); err != nil {
		return nil, err
	}
	if err := yaml.UnmarshalWithOptions(src, &file, yaml.Strict()); err != nil {
		return nil, errors.New(yaml.FormatError(err, false, true))
	}
	if len(file.Rules) == 0 {
		return nil, errors.New("no rules are in it; write a list below the key rules")
	}
	rules = slices.Clone(rules)
	var faults []error
	for n, given := range file.Rules {
		id, _ := given["id"].(string)
		next := &Rule{}
		at := slices.IndexFunc(rules, func(r *Rule) bool { return r.ID == id })
		if at >= 0 {
			next = new(*rules[at])
		}
		text, err := yaml.Marshal(given)
		if err == nil {
			err = yaml.UnmarshalWithOptions(text, next, yaml.Strict())
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("rule %d (%s): %s", n+1, id, yaml.FormatError(err, false, false)))
			continue
		}
		if err := next.prepare(); err != nil {
			faults = append(faults, fmt.Errorf("rule %d (%s): %w", n+1, id, err))
			continue
		}
		if at >= 0 {
			rules[at] = next
		} else {
			rules = append(rules, next)
		}
	}
	return rules, errors.Join(faults...)
}

var ruleID = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// prepare checks a rule, compiles it and runs its examples.
func (r *Rule) prepare() error {
	var faults []error
	add := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	add(!ruleID.MatchString(r.ID), "id: %q is none; write words of lower case with dashes", r.ID)
	add(!slices.Contains([]Severity{Error, Warning, Off}, r.Severity), "severity: %q is none; write error, warning or off", r.Severity)
	add(len(r.For) == 0, "for: is missing; write kinds such as exporter")
	for _, kind := range r.For {
		_, component := kinds[kind]
		add(!component && kind != "pipeline" && kind != "text", "for: %q is not a kind; write receiver, processor, exporter, connector, extension, pipeline or text", kind)
	}
	add(r.Reason == "", "reason: is missing; say why it is unsafe")
	add(r.Fix == "", "fix: is missing; say what to do instead")
	add(len(r.Bad) == 0 || len(r.Good) == 0, "bad, good: give at least one configuration each that the rule must and must not find fault with")
	var err error
	if r.when, err = compile(r.When, expr.AsBool()); err != nil {
		faults = append(faults, fmt.Errorf("when: %w", err))
	}
	if r.detail = nil; r.Detail != "" {
		if r.detail, err = compile(r.Detail, expr.AsAny()); err != nil {
			faults = append(faults, fmt.Errorf("detail: %w", err))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	return r.examples()
}

func compile(src string, as expr.Option) (*vm.Program, error) {
	if strings.TrimSpace(src) == "" {
		return nil, errors.New("is missing")
	}
	return expr.Compile(src, append([]expr.Option{expr.Env(Subject{}), as}, functions...)...)
}

func (r *Rule) examples() error {
	alone := Rules{r}
	if r.Severity == Off {
		alone = Rules{new(*r)}
		alone[0].Severity = Error
	}
	check := func(key string, sources []string, want bool) error {
		for n, src := range sources {
			findings, err := alone.Check(key, []byte(src))
			if err != nil {
				return fmt.Errorf("%s[%d]: %w", key, n, err)
			}
			if found := slices.ContainsFunc(findings, func(f Finding) bool { return f.Rule == r.ID }); found != want {
				return fmt.Errorf("%s[%d]: the rule finds fault: %t; it must: %t", key, n, found, want)
			}
		}
		return nil
	}
	return errors.Join(check("bad", r.Bad, true), check("good", r.Good, false))
}

package summary

import (
	"fmt"
	"maps"
	"slices"

	"github.com/loadtrace/loadtrace/goruntime/environment"
)

// Comparability is whether the figures of two runs may be held against each other.
type Comparability struct {
	// Answer is Same if they may, Different if they may not, Unknown if nothing says so.
	Answer environment.Answer `json:"answer"`
	// Obstacles are why they may not, or why that is not known; Notes differ and are
	// none. Both are sentences without a full stop.
	Obstacles []string `json:"obstacles,omitempty"`
	Notes     []string `json:"notes,omitempty"`
	// Pairs are the attacks to look at side by side. The others are in one run only.
	Pairs []Pair `json:"pairs,omitempty"`
}

// Comparable reports whether figures of a and b may be held against each other: whether
// both measurements are sound, of plans that do the same, and were made in the same
// environment. It says nothing of the figures themselves.
func Comparable(a, b *Summary) Comparability {
	c := Comparability{Answer: environment.Same}
	c.plans(a, b)
	for n, s := range []*Summary{a, b} {
		if v := &s.Verdict; !v.Trusted && v.Verdict != "" && len(v.Reasons) > 0 {
			c.differ("the measurement of the %s run cannot be trusted: %s", ordinals[n], v.Reasons[0])
		}
	}
	for n, s := range []*Summary{a, b} {
		if s.Imported != nil {
			c.doubt("the " + ordinals[n] + " run was " + s.Imported.Words())
		}
	}
	c.failures(a, b)
	c.generators(&a.Environment.Generator, &b.Environment.Generator)
	c.targets(a.Environment.Targets, b.Environment.Targets)
	return c
}

var ordinals = [...]string{"first", "second"}

func (c *Comparability) differ(format string, args ...any) {
	c.Answer = environment.Different
	c.Obstacles = append(c.Obstacles, fmt.Sprintf(format, args...))
}

// doubt is an obstacle that may be none.
func (c *Comparability) doubt(text string) {
	if c.Answer == environment.Same {
		c.Answer = environment.Unknown
	}
	c.Obstacles = append(c.Obstacles, text)
}

func (c *Comparability) generators(a, b *environment.Environment) {
	answer, differences := environment.Compare(environment.Generator, a, b)
	if answer == environment.Unknown {
		c.doubt("the environment of one of the generators is not known")
	}
	c.add("the generators", differences)
}

func (c *Comparability) add(whose string, differences []environment.Difference) {
	for _, d := range differences {
		text := whose + " differ in " + d.String()
		switch {
		case d.Matters && !slices.Contains(c.Obstacles, text):
			c.differ("%s", text)
		case !d.Matters && !slices.Contains(c.Notes, text):
			c.Notes = append(c.Notes, text)
		}
	}
}

// targets compares the instances of each service, those that are most alike with
// each other.
func (c *Comparability) targets(a, b []Target) {
	first, second := byService(a), byService(b)
	if len(first) == 0 && len(second) == 0 {
		c.doubt("neither run knows the environment of its target")
		return
	}
	services := maps.Clone(first)
	maps.Copy(services, second)
	for _, service := range slices.Sorted(maps.Keys(services)) {
		one, other := first[service], second[service]
		if len(one) != len(other) {
			c.differ("%s reported the environment of %d and %d instances", service, len(one), len(other))
			continue
		}
		for i := range one {
			n, differences := nearest(&one[i].Environment, other)
			other = slices.Delete(slices.Clone(other), n, n+1)
			c.add("the instances of "+service, differences)
		}
	}
}

// nearest finds the target that differs least from an environment: in the fewest
// things that matter, then in the fewest of all.
func nearest(e *environment.Environment, among []Target) (n int, differences []environment.Difference) {
	least := -1
	for i := range among {
		_, found := environment.Compare(environment.Target, e, &among[i].Environment)
		weight := len(found)
		for _, d := range found {
			if d.Matters {
				weight += 1000
			}
		}
		if least < 0 || weight < least {
			n, differences, least = i, found, weight
		}
	}
	return n, differences
}

// byService are the targets of each service.
func byService(targets []Target) map[string][]Target {
	out := map[string][]Target{}
	for _, t := range targets {
		out[t.Service] = append(out[t.Service], t)
	}
	return out
}

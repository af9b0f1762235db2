package summary

import (
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Pair is an attack of each of two runs.
type Pair struct {
	First  int `json:"first"` // index into the attacks of the run
	Second int `json:"second"`
	// Differs is in what the two attacks differ, so that a change from one to the other
	// says nothing of the target. They have one name then.
	Differs []string `json:"differs,omitempty"`
}

// plans pairs the attacks of two runs that do the same, whatever they are called, and
// says in what the plans differ.
func (c *Comparability) plans(a, b *Summary) {
	c.Pairs = pairs(a.Attacks, b.Attacks)
	if a.Plan != b.Plan {
		c.Notes = append(c.Notes, "the plans are named "+a.Plan+" and "+b.Plan)
	}
	if a.Digest != "" && b.Digest != "" && a.Digest != b.Digest {
		c.differ("the plans differ in the order of their attacks or in their limits")
	}
	if one, other := shardOf(a), shardOf(b); one != other {
		c.differ("the first run is %s, the second %s", one, other)
	}
	unknown := false
	for _, p := range c.Pairs {
		one, other := &a.Attacks[p.First], &b.Attacks[p.Second]
		unknown = unknown || one.Digest == nil || other.Digest == nil
		switch {
		case len(p.Differs) > 0:
			c.differ("attack %s is not the same in both runs: it differs in %s", one.Name, strings.Join(p.Differs, " and "))
		case one.Target != other.Target:
			c.Notes = append(c.Notes, "the target of attack "+one.Name+" is "+one.Target+" and "+other.Target)
		}
	}
	for n, s := range []*Summary{a, b} {
		for i := range s.Attacks {
			if !slices.ContainsFunc(c.Pairs, func(p Pair) bool { return [...]int{p.First, p.Second}[n] == i }) {
				c.differ("attack %s is in the %s run only", s.Attacks[i].Name, ordinals[n])
			}
		}
	}
	if unknown {
		c.doubt("one of the summaries has no digest of its plan: it is from an earlier version, or from another program")
	}
}

func shardOf(s *Summary) string {
	if s.Shard == nil {
		return "a whole one"
	}
	return "shard " + s.Shard.String()
}

// pairs finds for each attack of a the one of b that does the same, of several the one
// of the same name; then, for those that have none, one of the same name.
func pairs(a, b []Attack) []Pair {
	var found []Pair
	taken := make([]bool, len(b))
	second := make([]int, len(a))
	match := func(fits func(one, other *Attack) bool) {
		for i := range a {
			for j := range b {
				if second[i] < 0 && !taken[j] && fits(&a[i], &b[j]) {
					second[i], taken[j] = j, true
				}
			}
		}
	}
	for i := range second {
		second[i] = -1
	}
	named := func(one, other *Attack) bool { return one.Name == other.Name }
	same := func(one, other *Attack) bool { return one.Digest != nil && len(differences(one, other)) == 0 }
	match(func(one, other *Attack) bool { return named(one, other) && same(one, other) })
	match(func(one, other *Attack) bool { return same(one, other) && one.Digest.Address == other.Digest.Address })
	match(same)
	match(named)
	for i, j := range second {
		if j >= 0 {
			found = append(found, Pair{First: i, Second: j, Differs: differences(&a[i], &b[j])})
		}
	}
	return found
}

// differences are in what two attacks differ, but for where they go.
func differences(one, other *Attack) (in []string) {
	if one.Digest == nil || other.Digest == nil {
		if one.Target != other.Target {
			in = append(in, "the target")
		}
		return in
	}
	for _, part := range []struct {
		name string
		of   func(*loadgen.Digest) string
	}{
		{"what is sent", func(d *loadgen.Digest) string { return d.Requests }},
		{"the load", func(d *loadgen.Digest) string { return d.Load }},
		{"the client's settings", func(d *loadgen.Digest) string { return d.Client }},
	} {
		if part.of(one.Digest) != part.of(other.Digest) {
			in = append(in, part.name)
		}
	}
	return in
}

package environment

import "fmt"

// Role is what a process was to a run.
type Role string

const (
	// Generator measures: whatever differs in it may differ in the figures.
	Generator Role = "generator"
	// Target is measured. How it and its runtime are set may be what the
	// runs compare, so those differences are told and no obstacle.
	Target Role = "target"
)

// Answer is whether figures may be compared.
type Answer string

const (
	Same      Answer = "same"      // nothing that matters differs
	Different Answer = "different" // they may not
	Unknown   Answer = "unknown"   // of one environment or both nothing is known
)

// Difference between two environments.
type Difference struct {
	Key  string `json:"key"`  // as in the JSON of an environment
	What string `json:"what"` // for people
	A    string `json:"a"`    // "" is not known
	B    string `json:"b"`
	// Matters reports that figures may not be compared for it.
	Matters bool `json:"matters"`
}

// String is the difference in words.
func (d Difference) String() string {
	return fmt.Sprintf("%s: %s and %s", d.What, orUnknown(d.A), orUnknown(d.B))
}

func orUnknown(value string) string {
	if value == "" {
		return "not known"
	}
	return value
}

// Compare lists what differs between two environments of a role and says whether
// figures from them may be compared. What neither tells is no difference; what one
// of them tells is one, since it may be.
func Compare(role Role, a, b *Environment) (Answer, []Difference) {
	if !a.Known() || !b.Known() {
		return Unknown, nil
	}
	answer, differences := Same, []Difference(nil)
	for _, d := range pair(a, b) {
		d.Matters = d.weight == ofMachine || d.weight == ofProcess && role == Generator
		if d.Matters {
			answer = Different
		}
		differences = append(differences, d.Difference)
	}
	return answer, differences
}

type weighed struct {
	Difference
	weight weight
}

// pair finds the fields whose values differ, in their order.
func pair(a, b *Environment) (out []weighed) {
	others := map[string]string{}
	for _, f := range fieldsOf(b) {
		others[f.key] = f.value
	}
	seen := map[string]bool{}
	for _, f := range fieldsOf(a) {
		seen[f.key] = true
		if other := others[f.key]; other != f.value {
			out = append(out, weighed{Difference{Key: f.key, What: f.what, A: f.value, B: other}, f.weight})
		}
	}
	for _, f := range fieldsOf(b) { // versions that only b has
		if !seen[f.key] {
			out = append(out, weighed{Difference{Key: f.key, What: f.what, B: f.value}, f.weight})
		}
	}
	return out
}

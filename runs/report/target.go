package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Bounds of what is kept by target.
const (
	maxTargets  = 60     // names of an attack; further ones are one target, the others
	maxPointers = 10_000 // of targets whose name is known; of further ones it is made for each request
	otherTarget = "others"
)

// Target is the requests of an attack that went to one target: a method and the path of a
// URL without its query, or a gRPC method. Where the route is known that answered, it is
// the path.
type Target struct {
	Attack, Name string
	Requests     uint64 // sent, but for those that the stop of the run cut off
	Errors       uint64
	Response     summary.Quantiles
}

// targets tallies the requests of an attack by target.
type targets struct {
	names  map[*loadgen.Target]*tally // records of a target share it
	tallys map[string]*tally
}

type tally struct {
	name         string
	sent, errors uint64
	response     *summary.Times
}

func (t *targets) add(r *loadgen.Record, route string) {
	if r.Outcome == loadgen.NotSent || !r.Due() {
		return
	}
	of := t.of(r.Target, route)
	of.sent++
	if !r.OK() {
		of.errors++
	}
	of.response.Add(r.ResponseTime())
}

func (t *targets) of(target *loadgen.Target, route string) *tally {
	if route != "" {
		return t.named(nameOf(target, route))
	}
	if found := t.names[target]; found != nil {
		return found
	}
	found := t.named(nameOf(target, ""))
	if len(t.names) < maxPointers {
		if t.names == nil {
			t.names = map[*loadgen.Target]*tally{}
		}
		t.names[target] = found
	}
	return found
}

func (t *targets) named(name string) *tally {
	found := t.tallys[name]
	if found == nil && len(t.tallys) >= maxTargets {
		name = otherTarget
		found = t.tallys[name]
	}
	if found == nil {
		if t.tallys == nil {
			t.tallys = map[string]*tally{}
		}
		name = strings.Clone(name)
		found = &tally{name: name, response: summary.NewTimes()}
		t.tallys[name] = found
	}
	return found
}

// nameOf a target.
func nameOf(t *loadgen.Target, route string) string {
	switch {
	case t == nil:
		return "unknown"
	case t.RPC:
		return t.Method
	case route != "":
		return t.Method + " " + route
	}
	return t.Method + " " + pathOf(t.URL)
}

// pathOf a URL, without its query.
func pathOf(address string) string {
	_, rest, absolute := strings.Cut(address, "://")
	if !absolute {
		return address
	}
	i := strings.IndexAny(rest, "/?#")
	if i < 0 || rest[i] != '/' {
		return "/"
	}
	rest = rest[i:]
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// list is the targets with the most requests first, the others last.
func (t *targets) list(attack string) []Target {
	var out []Target
	for _, of := range t.tallys {
		out = append(out, Target{Attack: attack, Name: of.name, Requests: of.sent, Errors: of.errors, Response: of.response.Quantiles()})
	}
	slices.SortFunc(out, func(a, b Target) int {
		return cmp.Or(compareBool(a.Name == otherTarget, b.Name == otherTarget), cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

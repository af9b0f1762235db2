package planfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

const (
	maxAttacks = 1000
	maxLabel   = 64 // characters of a name
)

// Bounds of numbers that a typing error or a stranger may make absurd. What has such a
// number of workers fills the memory before it sends a request, and hears no signal.
const (
	maxWorkers         = 100_000 // of an attack; and of all together, at the start
	maxConnections     = 100_000 // per host, over HTTP
	maxGRPCConnections = 10_000  // of all attacks together: each is a channel from the start
	maxRedirects       = 1000
	maxMessages        = 100_000_000 // of a stream
)

// attackName is what a name must be so that it can stand in metric labels,
// paths and key paths as it is.
var attackName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// Validate checks a plan as a whole: everything that can be known before it is
// run, including that the files it names can be read. Zero values of optional
// fields stand for their defaults. Faults are *pace.KeyError values with the
// full key path, joined, in the plan's order.
func Validate(p *loadgen.Plan) error {
	v := &validator{}
	v.plan(withDefaults(p))
	return errors.Join(v.faults...)
}

// withDefaults is a copy of a plan, with its defaults.
func withDefaults(p *loadgen.Plan) *loadgen.Plan {
	c := *p
	c.Attacks = append([]loadgen.Attack(nil), p.Attacks...)
	for i := range c.Attacks {
		a := &c.Attacks[i]
		if a.HTTP != nil {
			a.HTTP = new(*a.HTTP)
			if a.HTTP.Targets != nil {
				a.HTTP.Targets = new(*a.HTTP.Targets)
			}
		}
		if a.GRPC != nil {
			a.GRPC = new(*a.GRPC)
		}
	}
	if p.Profiles != nil {
		c.Profiles = new(*p.Profiles)
	}
	Defaults(&c)
	return &c
}

type validator struct{ faults []error }

func (v *validator) add(key, what, fix string) {
	v.faults = append(v.faults, &pace.KeyError{Key: key, What: what, Fix: fix})
}

func (v *validator) plan(p *loadgen.Plan) {
	if what := checkLabel(p.Name); what != "" {
		v.add("name", what, fmt.Sprintf("write up to %d printable characters", maxLabel))
	}
	if p.Order != loadgen.Parallel && p.Order != loadgen.Sequence {
		v.add("order", quote(string(p.Order))+" is no order", "write parallel or sequence")
	}
	if s := p.Sampling; s != nil && !(*s >= 0 && *s <= 1) {
		v.add("sampling", fmt.Sprintf("%v is not a ratio", *s), "write a number from 0 to 1: 0.1 gives a span to one request in ten")
	}
	v.attacks(p.Attacks)
	notNegative(v, "limits.grace", p.Limits.Grace, "500ms")
	notNegative(v, "limits.overrun", p.Limits.Overrun, "5s")
	notNegative(v, "limits.max_duration", p.Limits.MaxDuration, "10m, or leave it out for no limit")
	v.profiles(p)
	v.allowed(p)
	v.thresholds(p)
	v.trust(p.Trust)
}

func (v *validator) attacks(attacks []loadgen.Attack) {
	switch n := len(attacks); {
	case n == 0:
		v.add("attacks", "is missing", "write at least one attack, with http and load")
	case n > maxAttacks:
		v.add("attacks", fmt.Sprintf("there are %d, more than %d", n, maxAttacks), "put targets that share a load into one targets file")
		return
	}
	first := map[string]int{}
	for i := range attacks {
		a, key := &attacks[i], item("attacks", i)
		v.attackName(a.Name, key+".name")
		if j, twice := first[a.Name]; twice && a.Name != "" {
			v.add(key+".name", quote(a.Name)+" is the name of "+item("attacks", j)+" too", "give each attack a name of its own")
		} else {
			first[a.Name] = i
		}
		v.attack(a, key)
	}
	v.together(attacks)
}

func (v *validator) attackName(name, key string) {
	switch {
	case name == "":
		v.add(key, "is missing", "give each of several attacks a name, such as login")
	case !attackName.MatchString(name) || len(name) > maxLabel:
		v.add(key, quote(name)+" does not fit metric labels and paths",
			fmt.Sprintf("begin with a letter and use letters, digits, _ and -, at most %d", maxLabel))
	}
}

func (v *validator) attack(a *loadgen.Attack, key string) {
	v.protocols(a, key)
	v.load(a.Load, key)
	v.workers(a, key)
}

// protocols checks what is attacked: exactly one of http and grpc.
func (v *validator) protocols(a *loadgen.Attack, key string) {
	switch {
	case a.HTTP == nil && a.GRPC == nil:
		v.add(key+".http", "is missing, and grpc too",
			"say what to attack, such as http: {url: http://127.0.0.1:8080/} or grpc: {target: 127.0.0.1:9090, method: package.Service/Method}")
	case a.HTTP != nil && a.GRPC != nil:
		v.add(key+".grpc", "there is http too", "write http or grpc; the other can be a second attack")
	}
	if a.HTTP != nil {
		v.http(a.HTTP, key+".http")
	}
	if a.GRPC != nil {
		v.grpc(a.GRPC, key+".grpc")
	}
}

func (v *validator) load(load []pace.Stage, key string) {
	if len(load) == 0 {
		v.add(key+".load", "is missing", "write at least one stage, such as - {constant: 100/s, duration: 30s}")
		return
	}
	for i := range load {
		if what := checkLabel(load[i].Name); what != "" && load[i].Name != "" {
			v.add(item(key+".load", i)+".name", what, fmt.Sprintf("write up to %d printable characters", maxLabel))
		}
	}
	_, err := pace.New(load)
	for _, fault := range flatten(err) {
		var k *pace.KeyError
		if errors.As(fault, &k) {
			v.faults = append(v.faults, k.Under(key))
		} else {
			v.add(key+".load", fault.Error(), "")
		}
	}
}

func (v *validator) workers(a *loadgen.Attack, key string) {
	workers := v.upTo(key+".workers", a.Workers, maxWorkers, "10")
	most := v.upTo(key+".max_workers", a.MaxWorkers, maxWorkers, "10000")
	if !workers || !most {
		return
	}
	if a.Workers > a.MaxWorkers {
		v.add(key+".workers", fmt.Sprintf("%d is more than max_workers, %d", a.Workers, a.MaxWorkers), "raise max_workers or lower workers")
	}
	for i, stage := range a.Load {
		if stage.Max != nil && stage.Max.Workers > a.MaxWorkers {
			v.add(item(key+".load", i)+".max.workers", fmt.Sprintf("%d is more than the attack's max_workers, %d", stage.Max.Workers, a.MaxWorkers), "raise max_workers or lower workers")
		}
	}
}

// upTo adds a fault, and reports false, if a number is below zero or more than there
// may be.
func (v *validator) upTo(key string, n, most int, example string) bool {
	notNegative(v, key, n, example)
	if n > most {
		v.add(key, fmt.Sprintf("%d is more than %d", n, most), fmt.Sprintf("write at most %d, such as %s", most, example))
	}
	return 0 <= n && n <= most
}

// together adds a fault at the attack with which all have more than there may be of
// what is made as the run begins.
func (v *validator) together(attacks []loadgen.Attack) {
	workers, connections := 0, 0
	for i := range attacks {
		a, key := &attacks[i], item("attacks", i)
		n := firstWorkers(a)
		if workers <= maxWorkers && n <= maxWorkers && workers+n > maxWorkers {
			v.add(key+".workers", fmt.Sprintf("with those of the attacks before there are %d workers at the start, more than %d", workers+n, maxWorkers),
				"lower workers, here or there; more are added while all are busy")
		}
		workers += n
		if g := a.GRPC; g != nil {
			if connections <= maxGRPCConnections && g.Connections <= maxGRPCConnections && connections+g.Connections > maxGRPCConnections {
				v.add(key+".grpc.connections", fmt.Sprintf("with those of the attacks before there are %d, more than %d", connections+g.Connections, maxGRPCConnections),
					"lower connections, here or there")
			}
			connections += g.Connections
		}
	}
}

// firstWorkers is how many workers an attack begins with: a load of closed loops has as
// many as those.
func firstWorkers(a *loadgen.Attack) (n int) {
	for _, stage := range a.Load {
		if stage.Max == nil {
			return a.Workers
		}
		n = max(n, stage.Max.Workers)
	}
	return n
}

// notNegative adds a fault if a value is below zero.
func notNegative[T ~int | ~int64](v *validator, key string, value T, example string) {
	if value < 0 {
		v.add(key, "is negative", "write one such as "+example)
	}
}

// checkLabel says what is wrong with a name that people read, or nothing.
func checkLabel(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "is empty"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return quote(name) + " has characters that cannot be shown"
	case utf8.RuneCountInString(name) > maxLabel:
		return fmt.Sprintf("%s is longer than %d characters", quote(name), maxLabel)
	}
	return ""
}

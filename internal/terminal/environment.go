package terminal

import (
	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// mostFleets bounds the fleets that are drawn; --json has all instances.
const mostFleets = 3

// environment says quietly what the run was made in, for whoever compares it.
func (p *printer) environment(e *summary.Environment) {
	if !e.Generator.Known() {
		return
	}
	p.gap()
	p.quiet(p.paint(bold, "environment"), described(&e.Generator))
	fleets := fleetsOf(e.Targets)
	for i, f := range fleets {
		if i == mostFleets {
			p.quiet("", []string{"and " + some(uint64(len(fleets)-i), "more kind", "more kinds") + " of target"})
			return
		}
		words := relative(&f.target.Environment, &e.Generator)
		if f.count > 1 {
			words = append([]string{some(f.count, "instance", "instances")}, words...)
		}
		words[0] = f.target.Service + "  " + words[0]
		p.quiet("", words)
	}
}

// quiet writes a label and words beside it, on as many lines as they take.
func (p *printer) quiet(label string, words []string) {
	const indent = 13
	for i := range words {
		words[i] = p.clean(words[i])
	}
	for _, l := range join(words, p.dot(), p.width()-indent) {
		p.line(left(label, indent) + p.paint(dim, l))
		label = ""
	}
}

// described is a fingerprint and the words for it.
func described(e *environment.Environment) []string {
	return append([]string{e.Fingerprint()}, e.Words()...)
}

// relative is described, without what a target on the generator's own host shares
// with it.
func relative(e, generator *environment.Environment) []string {
	if e.Host == "" || e.Host != generator.Host {
		return described(e)
	}
	short := *e
	short.OS, short.Kernel, short.ClockSource, short.CPU.Model = "", "", "", ""
	return append([]string{e.Fingerprint(), "same host"}, short.Words()...)
}

// fleet is instances of a service that run in the same environment.
type fleet struct {
	target *summary.Target // one of them
	count  uint64
}

func fleetsOf(targets []summary.Target) (fleets []fleet) {
	at := map[[2]string]int{}
	for i := range targets {
		key := [2]string{targets[i].Service, targets[i].Environment.Fingerprint()}
		n, known := at[key]
		if !known {
			n, at[key] = len(fleets), len(fleets)
			fleets = append(fleets, fleet{target: &targets[i]})
		}
		fleets[n].count++
	}
	return fleets
}

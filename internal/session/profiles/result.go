package profiles

import (
	"context"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// take asks for a profile and keeps it; nil if it did not come.
func (p *Profiler) take(ctx context.Context, what, name string) []byte {
	a, err := p.client.profile(ctx, what, 0)
	if err != nil {
		if ctx.Err() == nil {
			p.trouble(err)
		}
		return nil
	}
	p.took(a, name)
	return a.data
}

// took counts what an answer cost, and keeps it under a name, of which the last is kept.
func (p *Profiler) took(a answer, name string) {
	p.cost.Taken++
	p.cost.Bytes += int64(len(a.data))
	p.cost.Took += summary.Seconds(a.took.Seconds())
	if name == "" {
		return
	}
	if i := slices.IndexFunc(p.kept, func(k Profile) bool { return k.Name == name }); i >= 0 {
		p.bytes -= len(p.kept[i].Data)
		p.kept = slices.Delete(p.kept, i, i+1)
	}
	if p.bytes+len(a.data) <= mostKept {
		p.kept = append(p.kept, Profile{Name: name, At: time.Now(), Data: a.data})
		p.bytes += len(a.data)
	}
}

// trouble notes why a profile did not come, once for each reason.
func (p *Profiler) trouble(errs ...error) {
	for _, err := range errs {
		if err != nil && len(p.cost.Troubles) < mostTrouble && !slices.Contains(p.cost.Troubles, err.Error()) {
			p.cost.Troubles = append(p.cost.Troubles, err.Error())
		}
	}
}

// Cost is what was asked of the target.
func (p *Profiler) Cost() *summary.Profiles { return &p.cost }

// Kept are the last profile of each kind and moment, at most 32 MiB.
func (p *Profiler) Kept() []Profile { return p.kept }

// Fill adds to e what the profiles show. zero is the beginning of the run.
func (p *Profiler) Fill(e *diagnosis.Evidence, zero time.Time) {
	for _, l := range p.looks {
		e.Stacks = append(e.Stacks, diagnosis.Stacks{At: l.at.Sub(zero), Total: l.total, Groups: l.groups})
	}
	e.CPU, e.Allocations, e.Contention, e.Dump = p.result.cpu, p.result.allocations, p.result.contention, p.result.dump
}

package summary

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// rateWanted of an attack over its whole schedule. A closed loop wants none.
func (a *Accumulator) rateWanted(attack int, c runner.Account) float64 {
	for _, stage := range a.plan.Attacks[attack].Load {
		if stage.Max != nil {
			return 0
		}
	}
	return perSecond(c.Planned, c.Total)
}

// totalWanted is the rate over the schedules of all attacks, 0 if one has none.
func (a *Accumulator) totalWanted(accounts []runner.Account) float64 {
	var planned uint64
	for i, c := range accounts {
		if a.rateWanted(i, c) == 0 {
			return 0
		}
		planned += c.Planned
	}
	return perSecond(planned, a.length(accounts))
}

// length of the plan, 0 if it is not known.
func (a *Accumulator) length(accounts []runner.Account) (d time.Duration) {
	for _, c := range accounts {
		switch {
		case c.Total == 0:
			return 0
		case a.plan.Order == loadgen.Sequence:
			d += c.Total
		default:
			d = max(d, c.Total)
		}
	}
	return d
}

func perSecond(n uint64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

package goprofile

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// Goroutines reads a goroutine profile (debug=0): groups of equal stacks, the greatest
// first, and how many goroutines there are.
func Goroutines(data []byte) (groups []diagnosis.Group, total int, err error) {
	p, err := parse(data)
	if err != nil {
		return nil, 0, err
	}
	by := map[string]*diagnosis.Group{}
	for _, s := range p.Sample {
		stack := stackOf(s)
		key := stack.Key()
		if by[key] == nil {
			by[key] = &diagnosis.Group{Stack: stack}
		}
		by[key].Count += int(s.Value[0])
		total += int(s.Value[0])
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		groups = append(groups, *by[key])
	}
	slices.SortStableFunc(groups, func(a, b diagnosis.Group) int { return cmp.Compare(b.Count, a.Count) })
	return groups, total, nil
}

// mostSites bounds the places and functions that are returned of a profile.
const mostSites = 50

// Between is what was counted between two profiles of one process by a type of samples,
// such as alloc_space: the sum, and the places, the greatest first.
func Between(before, after []byte, kind string) (sum float64, sites []diagnosis.Site, err error) {
	by := map[string]*diagnosis.Site{}
	for _, part := range []struct {
		data []byte
		sign float64
	}{{before, -1}, {after, 1}} {
		p, err := parse(part.data)
		if err != nil {
			return 0, nil, err
		}
		at := column(p, kind)
		for _, s := range p.Sample {
			stack := stackOf(s)
			key := stack.Key()
			if by[key] == nil {
				by[key] = &diagnosis.Site{Stack: stack}
			}
			by[key].Value += part.sign * float64(s.Value[at])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(by)) {
		if by[key].Value > 0 {
			sum += by[key].Value
			sites = append(sites, *by[key])
		}
	}
	return sum, shares(merge(sites), sum), nil
}

// merge adds up sites with the same line that is not the runtime's: what calls it matters
// less.
func merge(sites []diagnosis.Site) (out []diagnosis.Site) {
	at := map[diagnosis.Frame]int{}
	for _, s := range sites {
		line, ok := s.Stack.Blocked()
		if !ok {
			continue
		}
		if i, have := at[line]; have {
			out[i].Value += s.Value
			continue
		}
		at[line] = len(out)
		out = append(out, s)
	}
	return out
}

func shares(sites []diagnosis.Site, sum float64) []diagnosis.Site {
	for i := range sites {
		sites[i].Share = sites[i].Value / sum
	}
	slices.SortStableFunc(sites, func(a, b diagnosis.Site) int { return cmp.Compare(b.Value, a.Value) })
	return sites[:min(len(sites), mostSites)]
}

// CPU reads a CPU profile.
func CPU(data []byte) (*diagnosis.CPU, error) {
	p, err := parse(data)
	if err != nil {
		return nil, err
	}
	at, by, sum := column(p, "cpu"), map[string]float64{}, 0.0
	for _, s := range p.Sample {
		v := float64(s.Value[at])
		sum += v
		once := map[string]bool{}
		for _, f := range stackOf(s) {
			if !once[f.Function] {
				once[f.Function] = true
				by[f.Function] += v
			}
		}
	}
	c := &diagnosis.CPU{Duration: time.Duration(p.DurationNanos), Busy: time.Duration(sum)}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		c.Functions = append(c.Functions, diagnosis.Share{Function: name, Share: by[name] / max(sum, 1)})
	}
	slices.SortStableFunc(c.Functions, func(a, b diagnosis.Share) int { return cmp.Compare(b.Share, a.Share) })
	c.Functions = c.Functions[:min(len(c.Functions), 20*mostSites)]
	return c, nil
}

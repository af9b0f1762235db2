package summary

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// restoreAll reads the addends of all inputs, and refuses those that are not of one run.
func restoreAll(inputs []Input) ([]*restored, error) {
	var shards []*restored
	var faults []error
	for _, in := range inputs {
		if in.Summary.Shard == nil {
			faults = append(faults, fmt.Errorf("%s is the summary of a whole run, %s, not of a shard: leave it out, or merge it alone", in.From, in.Summary.RunID))
			continue
		}
		r, err := restore(in.From, in.Summary, true)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s cannot be merged: %w", in.From, err))
			continue
		}
		shards = append(shards, r)
	}
	if len(shards) == 0 && len(faults) == 0 {
		faults = append(faults, errors.New("there are no shards to merge"))
	}
	if len(faults) == 0 {
		if err := oneRun(shards); err != nil {
			faults = append(faults, err)
		}
	}
	const most = 20
	if len(faults) > most {
		faults = append(faults[:most:most], fmt.Errorf("and %d more", len(faults)-most))
	}
	return shards, errors.Join(faults...)
}

// oneRun refuses shards of different runs, or of one whose shards did not do the same.
func oneRun(shards []*restored) error {
	runs := map[string][]string{}
	var ids []string
	for _, r := range shards {
		if runs[r.sum.RunID] == nil {
			ids = append(ids, r.sum.RunID)
		}
		runs[r.sum.RunID] = append(runs[r.sum.RunID], r.from)
	}
	if len(ids) > 1 {
		var words []string
		for _, id := range ids[:min(len(ids), 5)] {
			words = append(words, fmt.Sprintf("%s (%s)", id, few(runs[id])))
		}
		return fmt.Errorf("these are shards of %d runs: %s; merge the shards of one run", len(ids), strings.Join(words, ", "))
	}
	first := shards[0]
	for _, r := range shards[1:] {
		if what := differs(first, r); what != "" {
			return fmt.Errorf("shards %s (%s) and %s (%s) are not of one run: they differ in %s; run all shards with the same plan and flags",
				first.shard, first.from, r.shard, r.from, what)
		}
	}
	return nil
}

// few names the first of some files.
func few(names []string) string {
	const most = 3
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// differs is in what the plans of two shards differ. Where requests are sent may differ.
func differs(a, b *restored) string {
	one, other := a.sum.Addends.Plan, b.sum.Addends.Plan
	switch {
	case a.shard.Count != b.shard.Count:
		return "how many shards there are"
	case a.sum.Plan != b.sum.Plan:
		return "the name of the plan"
	case one.Digest != other.Digest || one.Order != other.Order:
		return "the order of the attacks or the limits of the plan"
	case len(one.Attacks) != len(other.Attacks):
		return "the number of attacks"
	}
	for i := range one.Attacks {
		x, y := one.Attacks[i], other.Attacks[i]
		dx, dy := x.Digest, y.Digest
		for _, aspect := range []struct {
			name string
			same bool
		}{
			{"its name", x.Name == y.Name},
			{"what is sent", dx.Requests == dy.Requests},
			{"the load", dx.Load == dy.Load && slices.Equal(x.Stages, y.Stages)},
			{"the client's settings", dx.Client == dy.Client && x.Timeout == y.Timeout && x.Limited == y.Limited && x.WaitedFor == y.WaitedFor},
		} {
			if !aspect.same {
				return fmt.Sprintf("%s of attack %s", aspect.name, x.Name)
			}
		}
	}
	switch {
	case !reflect.DeepEqual(one.Thresholds, other.Thresholds):
		return "the thresholds"
	case one.Trust != other.Trust:
		return "trust"
	}
	return ""
}

// unlike are what the shards of one run should have in common, and do not, a sentence
// each.
func (m *merger) unlike() (list []string) {
	first := m.shards[0]
	version := func(r *restored) string { return r.sum.Environment.Generator.Versions["loadtrace"] }
	for _, r := range m.shards[1:] {
		if v := version(r); v != version(first) {
			list = append(list, fmt.Sprintf("shards %s and %s were run by different versions of Loadtrace: %q and %q", first.shard, r.shard, version(first), v))
		}
		for i := range r.sum.Attacks {
			one, other := &first.sum.Addends.Plan.Attacks[i], &r.sum.Addends.Plan.Attacks[i]
			if one.Digest.Address != other.Digest.Address {
				list = append(list, fmt.Sprintf("attack %s: shards %s and %s attacked different addresses: %s and %s",
					one.Name, first.shard, r.shard, first.sum.Attacks[i].Target, r.sum.Attacks[i].Target))
			}
		}
		if d := r.sum.Began.Sub(first.sum.Began); d != 0 && r.sum.End != Stopped && first.sum.End != Stopped {
			list = append(list, fmt.Sprintf("shards %s and %s did not begin together: %s apart, by their clocks", first.shard, r.shard, d.Abs()))
		}
	}
	return shortened(list)
}

package loadgen

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Split is the plan of one of the processes that carry p out together, for a p
// that planfile has found good and that is not split yet. docs/adr/0013 has the
// reasons:
//
//   - The load is p's; of its requests the shard takes every Count-th (pace.Schedule.Shard).
//   - What bounds the load on the target is divided, so that the shards' shares add
//     up: workers of closed loops, max_workers, max_connections. So are connections
//     and workers to begin with, of which each shard has at least one.
//   - So are the absolute rates of thresholds. All else holds for each shard.
//
// Faults are *pace.KeyError values, joined: what cannot be divided among so many,
// and what shards would not do at the same times.
func (p *Plan) Split(shard pace.Shard) (*Plan, error) {
	if err := shard.Check(); err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	if shard.Whole() {
		whole := *p
		whole.Shard = shard
		return &whole, nil
	}
	s := splitter{shard: shard}
	out := *p
	out.Shard, out.Undivided = shard, p
	if p.Order == Sequence && len(p.Attacks) > 1 {
		s.add("order", "a sequence cannot be split: each shard would turn to the next attack when its own requests have ended",
			"write order: parallel, or a plan for each attack")
	}
	out.Attacks = nil
	for i := range p.Attacks {
		out.Attacks = append(out.Attacks, s.attack(fmt.Sprintf("attacks[%d]", i), p.Attacks[i]))
	}
	if shard.Index > 0 {
		out.Profiles = nil // the target is asked once
	}
	out.Thresholds = nil
	for _, t := range p.Thresholds {
		t.AtMost, t.AtLeast = s.limit(t.AtMost), s.limit(t.AtLeast)
		out.Thresholds = append(out.Thresholds, t)
	}
	return &out, errors.Join(s.faults...)
}

type splitter struct {
	shard  pace.Shard
	faults []error
}

func (s *splitter) add(key, what, fix string) {
	s.faults = append(s.faults, &pace.KeyError{Key: key, What: what, Fix: fix})
}

func (s *splitter) attack(key string, a Attack) Attack {
	a.Workers = max(1, s.shard.Share(a.Workers))
	a.MaxWorkers = s.share(key+".max_workers", a.MaxWorkers)
	a.Workers = min(a.Workers, a.MaxWorkers)
	if a.HTTP != nil {
		h := *a.HTTP
		h.Connections = max(1, s.shard.Share(h.Connections))
		if h.MaxConnections > 0 { // 0 is no limit
			h.MaxConnections = s.share(key+".http.max_connections", h.MaxConnections)
		}
		a.HTTP = &h
	}
	if a.GRPC != nil {
		g := *a.GRPC
		g.Connections = max(1, s.shard.Share(g.Connections))
		a.GRPC = &g
	}
	load := make([]pace.Stage, len(a.Load))
	for i, stage := range a.Load {
		load[i] = s.stage(fmt.Sprintf("%s.load[%d]", key, i), stage, i == len(a.Load)-1)
	}
	a.Load = load
	return a
}

func (s *splitter) stage(key string, stage pace.Stage, last bool) pace.Stage {
	if stage.Max == nil {
		return stage
	}
	stage.Max = &pace.Max{Workers: s.share(key+".max.workers", stage.Max.Workers)}
	switch {
	case stage.Count > 0 && !last:
		s.add(key+".count", "a closed loop with a count ends in each shard when that has made its requests, so that they would not begin the next stage together",
			"give it a duration, or make it the last stage")
	case stage.Count > 0 && stage.Count < uint64(s.shard.Count):
		s.add(key+".count", fmt.Sprintf("%d requests are fewer than the %d shards", stage.Count, s.shard.Count), s.fewer(int(stage.Count)))
	}
	return stage
}

// share of n things, of which each shard must have one.
func (s *splitter) share(key string, n int) int {
	if n < s.shard.Count {
		s.add(key, fmt.Sprintf("%d cannot be divided among %d shards", n, s.shard.Count), s.fewer(n))
	}
	return s.shard.Share(n)
}

func (s *splitter) fewer(n int) string {
	return fmt.Sprintf("raise it to %d, or make at most %d shards", s.shard.Count, max(1, n))
}

// limit is a limit as it holds for the shard: a rate is divided, all else holds as
// it is.
func (s *splitter) limit(l Limit) Limit {
	if l == "" {
		return l
	}
	value, kind, fault := l.Read()
	if fault != nil || kind != LimitRate {
		return l
	}
	return Limit(strconv.FormatFloat(value/float64(s.shard.Count), 'f', -1, 64) + "/s")
}

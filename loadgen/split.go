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
//   - The load is p's; of its hits the part takes every Count-th (pace.Schedule.Part).
//   - What bounds the load on the target is divided, so that the parts' shares add
//     up: workers of closed loops, max_workers, max_connections. So are connections
//     and workers to begin with, of which each part has at least one.
//   - So are the absolute rates of thresholds. All else holds for each part.
//
// Faults are *pace.KeyError values, joined: what cannot be divided among so many,
// and what parts would not do at the same times.
func (p *Plan) Split(part pace.Part) (*Plan, error) {
	if err := part.Check(); err != nil {
		return nil, fmt.Errorf("part: %w", err)
	}
	if part.Whole() {
		whole := *p
		whole.Part = part
		return &whole, nil
	}
	s := splitter{part: part}
	out := *p
	out.Part, out.Undivided = part, p
	if p.Order == Sequence && len(p.Attacks) > 1 {
		s.add("order", "a sequence cannot be split: each part would turn to the next attack when its own requests have ended",
			"write order: parallel, or a plan for each attack")
	}
	out.Attacks = nil
	for i := range p.Attacks {
		out.Attacks = append(out.Attacks, s.attack(fmt.Sprintf("attacks[%d]", i), p.Attacks[i]))
	}
	out.Thresholds = nil
	for _, t := range p.Thresholds {
		t.AtMost, t.AtLeast = s.limit(t.AtMost), s.limit(t.AtLeast)
		out.Thresholds = append(out.Thresholds, t)
	}
	return &out, errors.Join(s.faults...)
}

type splitter struct {
	part   pace.Part
	faults []error
}

func (s *splitter) add(key, what, fix string) {
	s.faults = append(s.faults, &pace.KeyError{Key: key, What: what, Fix: fix})
}

func (s *splitter) attack(key string, a Attack) Attack {
	a.Workers = max(1, s.part.Share(a.Workers))
	a.MaxWorkers = s.share(key+".max_workers", a.MaxWorkers)
	a.Workers = min(a.Workers, a.MaxWorkers)
	if a.HTTP != nil {
		h := *a.HTTP
		h.Connections = max(1, s.part.Share(h.Connections))
		if h.MaxConnections > 0 { // 0 is no limit
			h.MaxConnections = s.share(key+".http.max_connections", h.MaxConnections)
		}
		a.HTTP = &h
	}
	if a.GRPC != nil {
		g := *a.GRPC
		g.Connections = max(1, s.part.Share(g.Connections))
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
		s.add(key+".count", "a closed loop with a count ends in each part when that has made its requests, so that they would not begin the next stage together",
			"give it a duration, or make it the last stage")
	case stage.Count > 0 && stage.Count < uint64(s.part.Count):
		s.add(key+".count", fmt.Sprintf("%d requests are fewer than the %d parts", stage.Count, s.part.Count), s.fewer(int(stage.Count)))
	}
	return stage
}

// share of n things, of which each part must have one.
func (s *splitter) share(key string, n int) int {
	if n < s.part.Count {
		s.add(key, fmt.Sprintf("%d cannot be divided among %d parts", n, s.part.Count), s.fewer(n))
	}
	return s.part.Share(n)
}

func (s *splitter) fewer(n int) string {
	return fmt.Sprintf("raise it to %d, or make at most %d parts", s.part.Count, max(1, n))
}

// limit is a limit as it holds for the part: a rate is divided, all else holds as
// it is.
func (s *splitter) limit(l Limit) Limit {
	if l == "" {
		return l
	}
	value, kind, fault := l.Read()
	if fault != nil || kind != LimitRate {
		return l
	}
	return Limit(strconv.FormatFloat(value/float64(s.part.Count), 'f', -1, 64) + "/s")
}

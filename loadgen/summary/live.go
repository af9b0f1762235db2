package summary

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// WholeStop is why the run of all shards was ended: a threshold with abort, which the whole
// run breached.
type WholeStop struct {
	Threshold string  `json:"threshold"` // as in the verdict's thresholds
	Value     float64 `json:"value"`     // that breached it
	Reason    string  `json:"reason"`    // in words
}

// Live judges a run of several shards while it goes on, from summaries of what each has done
// until now. It is not for several goroutines at once.
type Live struct {
	count  int
	shards map[int]*liveShard
	plan   *restored // the first, whose plan all others have
	watch  *verdict.Watch
	first  time.Time // of the first look
	last   time.Time // of the last one
	seen   map[int]time.Time
}

type liveShard struct {
	*restored
	taken time.Time
	left  bool // it has ended, or was given up
}

// lookEvery is how often the shards are added up at the most. Every report asks for it.
const lookEvery = 500 * time.Millisecond

// fresh is how old the summary of a shard may be that counts for the whole.
const fresh = 5 * time.Second

// NewLive judges a run of so many shards.
func NewLive(count int) *Live {
	return &Live{count: count, shards: map[int]*liveShard{}, seen: map[int]time.Time{}}
}

// Take takes a shard's summary as of now.
func (l *Live) Take(index int, s *Summary, now time.Time) error {
	if l.count < 2 || s.Shard == nil {
		return errors.New("a run of one process judges itself")
	}
	r, err := restore(fmt.Sprintf("shard %s", s.Shard), s, false)
	if err != nil {
		return err
	}
	if l.plan == nil {
		l.plan, l.watch = r, verdict.NewWatch(r.checks)
	}
	if what := differs(l.plan, r); what != "" || r.sum.RunID != l.plan.sum.RunID {
		return fmt.Errorf("it is not of one run with the others: they differ in %s", what)
	}
	l.shards[index] = &liveShard{restored: r, taken: now}
	return nil
}

// Leave has Live not wait any more for a shard. What it did until then still counts.
func (l *Live) Leave(index int) {
	if s := l.shards[index]; s != nil {
		s.left = true
		return
	}
	l.shards[index] = &liveShard{left: true}
}

// Watching reports whether the whole run is known: every shard that is not over has told of
// itself within five seconds.
func (l *Live) Watching(now time.Time) bool {
	if l.count < 2 || l.plan == nil || len(l.shards) < l.count {
		return false
	}
	for _, s := range l.shards {
		if !s.left && now.Sub(s.taken) > fresh {
			return false
		}
	}
	return true
}

// Look holds the whole run against its thresholds, if it is known, and says why it is to be
// ended, if it is, once. It does so twice a second at the most.
func (l *Live) Look(now time.Time) *WholeStop {
	if !l.Watching(now) || now.Sub(l.last) < lookEvery {
		return nil
	}
	if l.last = now; l.first.IsZero() {
		l.first = now
	}
	m := &merger{plan: l.plan.plan, checks: l.plan.checks, count: l.count}
	var shards []*restored
	for _, s := range l.shards {
		if s.restored != nil {
			shards = append(shards, s.restored)
		}
	}
	m.take(shards)
	at := now.Sub(l.first)
	for _, readings := range l.readings(m) {
		l.watch.Observe(at, readings)
	}
	why, ended := l.watch.Abort(at)
	if !ended {
		return nil
	}
	for _, r := range l.watch.Results() {
		if r.Aborted {
			return &WholeStop{Threshold: r.Threshold, Value: *r.Value, Reason: "in the whole run, " + why}
		}
	}
	return nil
}

// readings are those of all checks, one set for each moment at which a window has slid
// since the last look; those of checks without windows are the same in each.
func (l *Live) readings(m *merger) [][]verdict.Reading {
	now := make([]verdict.Reading, len(m.checks))
	slid := make([][]verdict.Reading, len(m.checks))
	rounds := 1
	for i := range m.checks {
		if m.checks[i].Window == 0 {
			now[i], _ = m.reading(i) // addends that are wrong give none
			continue
		}
		slid[i] = l.slid(m, i)
		rounds = max(rounds, len(slid[i]))
	}
	all := make([][]verdict.Reading, rounds)
	for n := range all {
		all[n] = slices.Clone(now)
		for i := range slid {
			if n < len(slid[i]) {
				all[n][i] = slid[i][n]
			}
		}
	}
	return all
}

// slid are the readings of a window since the last look. A window counts when all shards
// that go on have ended it.
func (l *Live) slid(m *merger, check int) (list []verdict.Reading) {
	cursors, err := m.cursors(check)
	if err != nil || cursors == nil {
		return nil
	}
	length := m.checks[check].Window / slicesPerWindow
	var known time.Time // until when
	for i, r := range m.shards {
		if s := l.shards[r.shard.Index]; s.left {
			continue
		}
		if n := len(cursors[i].left); n == 0 {
			return nil
		} else if to := cursors[i].began.Add(cursors[i].left[n-1].To); known.IsZero() || to.Before(known) {
			known = to
		}
	}
	known = known.Add(length / 2)
	for _, c := range cursors {
		c.left = slices.DeleteFunc(slices.Clone(c.left), func(s Slice) bool { return c.began.Add(s.To).After(known) })
	}
	m.slide(cursors, check, func(to time.Time, r verdict.Reading) {
		if to.After(l.seen[check].Add(length / 2)) {
			l.seen[check] = to
			list = append(list, r)
		}
	})
	return list
}

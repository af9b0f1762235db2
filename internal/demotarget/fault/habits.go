package fault

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// Habits are what a service does each time that it accepts a token.
type Habits struct {
	leak    *leak
	hoard   *hoard
	ranking *ranking
}

// NewHabits plants those faults of the set that are habits. The caller stops them.
func NewHabits(s Set, records map[token.Digest]token.Claims) *Habits {
	h := new(Habits)
	if s.Has(GoroutineLeak) {
		h.leak = newLeak()
	}
	if s.Has(GCPressure) {
		h.hoard = &hoard{records: records}
	}
	if s.Has(LockContention) {
		h.ranking = &ranking{accepted: map[string]int{}}
	}
	return h
}

// Accepted is called for each token accepted.
func (h *Habits) Accepted(c token.Claims) {
	if h.leak != nil {
		h.leak.accepted()
	}
	if h.hoard != nil {
		h.hoard.accepted()
	}
	if h.ranking != nil {
		h.ranking.accept(c.Subject)
	}
}

// Stop ends the goroutines that leaked, as the end of the process would.
func (h *Habits) Stop() {
	if h.leak != nil {
		h.leak.stop()
	}
}

// leakLimit bounds the goroutines that leak; they have 2 KiB of stack and a
// timer each.
const leakLimit = 50_000

// leak is a refresher meant for each token, and started for each request: it
// waits for a context that nobody ends.
type leak struct {
	ctx     context.Context
	start   func(func())
	stop    func()
	started atomic.Int64
}

func newLeak() *leak {
	ctx, cancel := context.WithCancel(context.Background())
	l := &leak{ctx: ctx}
	var refreshers sync.WaitGroup
	l.stop = func() { cancel(); refreshers.Wait() }
	l.start = refreshers.Go
	return l
}

func (l *leak) accepted() {
	if l.started.Add(1) > leakLimit {
		return
	}
	l.start(func() {
		ticker := time.NewTicker(time.Hour)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
			case <-l.ctx.Done():
				return
			}
		}
	})
}

// hoard takes a copy of the whole table, to be safe from changes that nobody
// makes, and looks at one line of it.
type hoard struct {
	records map[token.Digest]token.Claims
	seen    atomic.Int64
}

func (h *hoard) accepted() {
	copied := make(map[token.Digest]token.Claims)
	for d, c := range h.records {
		c.Scopes = slices.Clone(c.Scopes)
		copied[d] = c
	}
	h.seen.Store(int64(len(copied)))
}

// maxRanked bounds the subjects that are ranked.
const maxRanked = 10_000

// top is how many of them anybody looks at.
const top = 10

// ranking knows who is accepted most, at any time: it sorts all subjects under
// its lock each time that one is accepted, rather than when somebody asks.
type ranking struct {
	mu       sync.Mutex // guards what follows
	accepted map[string]int
	leaders  []string
}

func (r *ranking) accept(subject string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.accepted) < maxRanked || r.accepted[subject] > 0 {
		r.accepted[subject]++
	}
	subjects := make([]string, 0, len(r.accepted))
	for s := range r.accepted {
		subjects = append(subjects, s)
	}
	slices.SortFunc(subjects, func(a, b string) int {
		return cmp.Or(cmp.Compare(r.accepted[b], r.accepted[a]), cmp.Compare(a, b))
	})
	r.leaders = slices.Clone(subjects[:min(top, len(subjects))])
}

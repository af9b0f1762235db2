package diagnosis

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

var (
	waiting = Stack{
		{"runtime.gopark", "proc.go", 1},
		{"runtime.chansend", "chan.go", 2},
		{"runtime.chansend1", "chan.go", 3},
		{"example.com/shop/store.(*Store).refresh", "/src/store/store.go", 88},
		{"example.com/shop/store.(*Store).Get.func1", "/src/store/store.go", 72},
	}
	idleConnection = Stack{
		{"runtime.gopark", "proc.go", 1},
		{"runtime.netpollblock", "netpoll.go", 2},
		{"internal/poll.runtime_pollWait", "netpoll.go", 3},
		{"internal/poll.(*FD).Read", "fd.go", 4},
		{"net.(*conn).Read", "net.go", 5},
		{"net/http.(*connReader).backgroundRead", "server.go", 6},
		{"net/http.(*conn).serve", "server.go", 7},
	}
	locked = Stack{
		{"runtime.gopark", "proc.go", 1},
		{"runtime.semacquire1", "sema.go", 2},
		{"internal/sync.runtime_SemacquireMutex", "sema.go", 3},
		{"internal/sync.(*Mutex).lockSlow", "mutex.go", 4},
		{"sync.(*Mutex).Lock", "mutex.go", 5},
		{"example.com/shop/rank.(*Ranking).Accept", "/src/rank/rank.go", 120},
		{"net/http.HandlerFunc.ServeHTTP", "server.go", 7},
	}
)

// watched is a load of 20 s at 200 requests a second, with a look at the goroutines of a
// stack each second, before the load and twice after it. count gives their number at a
// time and after so many requests.
func watched(stack Stack, count func(at time.Duration, dose float64) int) *Evidence {
	e := &Evidence{From: 0, To: 20 * time.Second, Connections: 50}
	dose := func(at time.Duration) float64 { return 200 * min(max(at, 0), e.To).Seconds() }
	for at := time.Duration(0); at <= e.To; at += 250 * time.Millisecond {
		e.Dose = append(e.Dose, Point{at, dose(at)})
	}
	look := func(at time.Duration) {
		n := count(at, dose(at))
		e.Stacks = append(e.Stacks, Stacks{At: at, Total: n + 10, Groups: []Group{{stack, n}}})
	}
	look(-time.Second)
	for at := 500 * time.Millisecond; at < e.To; at += time.Second {
		look(at)
	}
	look(e.To + time.Second)
	look(e.To + 3*time.Second)
	return e
}

func TestGoroutinesThatGrowWithTheRequestsAndStayLeak(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	e := watched(waiting, func(at time.Duration, dose float64) int {
		if at < 0 || at > 20*time.Second {
			return int(0.9 * dose)
		}
		return int(0.9*dose) + noise.IntN(5) // under way
	})
	e.Dump = &Dump{Creators: map[string]Frame{waiting.Key(): {"example.com/shop/store.(*Store).Get", "/src/store/store.go", 71}}}
	found := Examine(e)
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, summary.FindingGoroutineLeak, f.Kind)
	assert.Equal(t, summary.BasisDose, f.Basis)
	assert.Equal(t, 0.99, f.Confidence)
	assert.Equal(t, "900 goroutines leak per 1000 requests: they run store.(*Store).Get.func1 and wait for ever in a channel send at store.go:88, "+
		"created at store.(*Store).Get (store.go:71)", f.Sentence)
	slope := f.Evidence[0]
	assert.Less(t, *slope.Low, 900.5)
	assert.Greater(t, *slope.High, 899.5)
	assert.Less(t, *slope.High-*slope.Low, 5.0)
	assert.Equal(t, "store.(*Store).refresh (store.go:88)", slope.Stack[0])
	assert.InDelta(t, 1, *f.Evidence[1].Value, 0.01, "what stays")
}

// Each of these grows in the load. None is a leak.
func TestWhatGrowsForOtherReasonsIsNoLeak(t *testing.T) {
	for name, c := range map[string]struct {
		stack Stack
		count func(at time.Duration, dose float64) int
	}{
		"a pool that warms up and keeps its workers":     {waiting, func(_ time.Duration, dose float64) int { return int(min(dose/4, 200)) }},
		"a cache with a goroutine for each of 1500 keys": {waiting, func(_ time.Duration, dose float64) int { return int(1500 * (1 - 1/(1+dose/150))) }},
		"connections that are kept alive":                {idleConnection, func(at time.Duration, _ float64) int { return int(2 * min(max(at, 0), 20*time.Second).Seconds()) }},
		"a backlog that drains after the load": {waiting, func(at time.Duration, dose float64) int {
			return int(dose/2) - max(0, int((at-20*time.Second).Seconds()*300))
		}},
		"a backlog that drains slowly": {waiting, func(at time.Duration, dose float64) int {
			return int(dose/2) - max(0, int((at-20*time.Second).Seconds()*150))
		}},
		"requests under way, of which none stays": {waiting, func(at time.Duration, _ float64) int {
			return int(max(0, at.Seconds()*10)) * step(at <= 20*time.Second)
		}},
		"goroutines that wait for a lock": {locked, func(_ time.Duration, dose float64) int { return int(dose / 4) }},
		"a few":                           {waiting, func(_ time.Duration, dose float64) int { return int(dose / 400) }},
		"a constant number":               {waiting, func(time.Duration, float64) int { return 400 }},
		"a jump in the middle":            {waiting, func(at time.Duration, _ float64) int { return 300 * step(at > 9*time.Second) }},
		"goroutines that grow before the load ends slower": {waiting, func(_ time.Duration, dose float64) int { return int(min(dose, 1000) + max(dose-1000, 0)*0.05) }},
	} {
		assert.Empty(t, Examine(watched(c.stack, c.count)), name)
	}
}

func step(up bool) int {
	if up {
		return 1
	}
	return 0
}

// Over load, rest and load, time passes without requests: what grows with time alone has
// no slope over requests.
func TestWhatGrowsWithTimeInARestIsNoLeakPerRequest(t *testing.T) {
	timed := watched(waiting, func(at time.Duration, _ float64) int { return int(20 * max(at, 0).Seconds()) })
	dosed := watched(waiting, func(time.Duration, float64) int { return 0 })
	for _, e := range []*Evidence{timed, dosed} {
		for i := range e.Dose { // the middle half of the run is a rest
			at := e.Dose[i].At
			loaded := min(at, 5*time.Second) + max(0, at-15*time.Second)
			e.Dose[i].V = 200 * loaded.Seconds()
		}
	}
	for i := range dosed.Stacks {
		dosed.Stacks[i].Groups[0].Count = int(dosed.Dose.At(dosed.Stacks[i].At))
	}
	timed.Stacks[len(timed.Stacks)-1].Groups[0].Count = 460 // and goes on after it
	assert.Empty(t, Examine(timed))
	assert.NotEmpty(t, Examine(dosed))
}

// A target that stalls has leaked for requests that have not ended yet.
func TestALeakIsSeenThroughABacklogThatComesAndGoes(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	backlog := Series{}
	for at := time.Duration(0); at <= 20*time.Second; at += 250 * time.Millisecond {
		v := 0.0
		if at > time.Second && at < 19*time.Second {
			v = float64(noise.IntN(3000))
		}
		backlog = append(backlog, Point{at, v})
	}
	under := func(at time.Duration) float64 {
		if at < 0 || at > 20*time.Second {
			return 0
		}
		return backlog.At(at)
	}
	leaks := watched(waiting, func(at time.Duration, dose float64) int { return int(0.9 * (dose + under(at))) })
	alone := watched(waiting, func(at time.Duration, _ float64) int { return int(0.9 * under(at)) })
	leaks.UnderWay, alone.UnderWay = backlog, backlog
	require.Len(t, Examine(leaks), 1)
	assert.InDelta(t, 900, *Examine(leaks)[0].Evidence[0].Value, 1)
	leaks.UnderWay = nil
	assert.Empty(t, Examine(leaks), "the backlog hides it")
	assert.Empty(t, Examine(alone))
}

func TestWithoutProfilesTheNumberOfGoroutinesShowsALeakWithLessConfidence(t *testing.T) {
	e := watched(waiting, func(_ time.Duration, dose float64) int { return int(dose) })
	in := Instance{Service: "shop"}
	for _, s := range e.Stacks {
		in.Series[Goroutines] = append(in.Series[Goroutines], Point{s.At, float64(s.Total)})
	}
	e.Stacks, e.Instances = nil, []Instance{in}
	found := Examine(e)
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Sentence, "goroutines leak per 1000 requests in shop")
	assert.LessOrEqual(t, found[0].Confidence, 0.9)
	assert.Contains(t, found[0].Try[0], "--profiles")
}

// A starved target may give two profiles in all; its own metrics still show the line.
func TestWithFewProfilesTheNumberShowsTheLeakAndTheLastProfileItsStack(t *testing.T) {
	e := watched(waiting, func(_ time.Duration, dose float64) int { return int(dose) })
	in := Instance{Service: "shop"}
	for _, s := range e.Stacks {
		in.Series[Goroutines] = append(in.Series[Goroutines], Point{s.At, float64(s.Total)})
	}
	e.Instances = []Instance{in}
	e.Stacks = []Stacks{e.Stacks[0], e.Stacks[5], e.Stacks[len(e.Stacks)-1]}
	found := Examine(e)
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Sentence, "wait for ever in a channel send at store.go:88")
	assert.Equal(t, "runtime_metrics", found[0].Evidence[0].Source)

	e.Stacks[2].Groups = []Group{{idleConnection, e.Stacks[2].Total}}
	assert.Empty(t, Examine(e), "connections are none")
}

// Of a target that answers before and after the load only, no line is seen.
func TestBeforeAndAfterAloneShowALeakOfOneForNearlyEachRequestWithLessConfidence(t *testing.T) {
	ends := func(stack Stack, perRequest float64, leaving int) *Evidence {
		e := watched(stack, func(_ time.Duration, dose float64) int { return int(perRequest * dose) })
		e.Stacks = []Stacks{e.Stacks[0], e.Stacks[len(e.Stacks)-2], e.Stacks[len(e.Stacks)-1]}
		e.Stacks[1].Groups[0].Count += leaving
		return e
	}
	found := Examine(ends(waiting, 0.95, 0))
	require.Len(t, found, 1)
	assert.Equal(t, 0.6, found[0].Confidence)
	assert.Contains(t, found[0].Sentence, "3800 goroutines stay after the load, 950 per 1000 requests")
	assert.Empty(t, Examine(ends(waiting, 0.3, 0)), "a cache may have as many")
	assert.Empty(t, Examine(ends(waiting, 0.95, 2000)), "they are leaving")
	assert.Empty(t, Examine(ends(locked, 0.95, 0)))
	assert.Empty(t, Examine(ends(idleConnection, 0.95, 0)))
}

func TestNoEvidenceIsNoFinding(t *testing.T) {
	assert.Empty(t, Examine(&Evidence{}))
	d := Look(&Evidence{})
	assert.Empty(t, d.Looked)
	assert.Len(t, d.Blind, 4)
}

package diagnosis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// simulation is requests that come by chance, work a little, and make one call each.
type simulation struct {
	rate  float64 // requests a second
	limit int     // calls under way; 0 is no limit
	// patience is how long a request waits for its turn before it gives up; 0 is for ever.
	patience time.Duration
	// call is how long a call takes, before is the work before it.
	call, before func(*rand.Rand) time.Duration
}

func (s simulation) run(n int) *Evidence {
	random := rand.New(rand.NewPCG(7, 7))
	e := &Evidence{To: time.Duration(float64(n) / s.rate * float64(time.Second)), Instances: []Instance{{Service: "shop"}}}
	free := make([]int64, max(s.limit, 1)) // when each place of the pool is free
	at := int64(time.Second)
	for i := range n {
		at += int64(random.ExpFloat64() / s.rate * float64(time.Second))
		begin := at + int64(s.before(random))
		if s.limit > 0 {
			place := slices.Index(free, slices.Min(free))
			begin = max(begin, free[place]+int64(20*time.Microsecond))
			if s.patience > 0 && begin-at > int64(s.patience) {
				e.Requests = append(e.Requests, Request{Trace: fmt.Sprint(i), Response: s.patience, Begin: at, End: at + int64(s.patience)})
				continue
			}
			free[place] = begin + int64(s.call(random))
			e.add(i, at, begin, free[place])
			continue
		}
		e.add(i, at, begin, begin+int64(s.call(random)))
	}
	return e
}

func (e *Evidence) add(i int, at, begin, end int64) {
	trace := fmt.Sprint(i)
	e.Calls = append(e.Calls, Call{Trace: trace, Op: "GET /tokens", Begin: begin, End: end, Since: at})
	done := end + int64(100*time.Microsecond)
	e.Requests = append(e.Requests, Request{Trace: trace, Response: time.Duration(done - at), Begin: at, End: done})
}

// lookup is 2 ms, or one in a hundred 8 to 25 times as long.
func lookup(random *rand.Rand) time.Duration {
	d := time.Duration(float64(2*time.Millisecond) * (0.7 + 0.6*random.Float64()))
	if random.Float64() < 0.01 {
		d = time.Duration(float64(d) * (8 + 17*random.Float64()))
	}
	return d
}

func briefly(random *rand.Rand) time.Duration {
	return time.Duration(100+100*random.Float64()) * time.Microsecond
}

// crowded is work that now and then waits for a processor.
func crowded(random *rand.Rand) time.Duration {
	if random.Float64() < 0.1 {
		return time.Duration(random.ExpFloat64() * float64(15*time.Millisecond))
	}
	return briefly(random)
}

func TestAPoolIsNamedWhereItsLimitHoldsCallsBack(t *testing.T) {
	for name, s := range map[string]simulation{
		"one at a time, a fifth of the time busy": {rate: 75, limit: 1, call: lookup, before: briefly},
		"one at a time, nearly always busy":       {rate: 300, limit: 1, call: lookup, before: briefly},
		"overloaded":                              {rate: 500, limit: 1, call: lookup, before: briefly},
		"four at a time":                          {rate: 1400, limit: 4, call: lookup, before: briefly},
	} {
		found := Examine(s.run(3000))
		require.Len(t, found, 1, name)
		f := found[0]
		assert.Equal(t, summary.FindingPoolExhaustion, f.Kind, name)
		assert.Contains(t, f.Sentence, fmt.Sprintf("at most %s under way", plural(s.limit, "call", "calls")), name)
		assert.Greater(t, f.Cost, 0.1, name)
		assert.Len(t, f.Evidence[1].TraceIDs, 3, name)
	}
}

// Of an overloaded pool the slowest requests are those that gave up, and made no call.
func TestRequestsThatGaveUpTheirTurnWaitedForThePool(t *testing.T) {
	e := simulation{rate: 700, limit: 1, patience: 200 * time.Millisecond, call: lookup, before: briefly}.run(5000)
	require.Greater(t, len(e.Requests)-len(e.Calls), 300)
	found := Examine(e)
	require.Len(t, found, 1)
	assert.Greater(t, found[0].Cost, 0.8)
}

func TestNoPoolIsNamedWithoutALimit(t *testing.T) {
	constant := func(*rand.Rand) time.Duration { return 2 * time.Millisecond }
	for name, s := range map[string]simulation{
		"few calls":                       {rate: 75, call: lookup, before: briefly},
		"many calls":                      {rate: 600, call: lookup, before: briefly},
		"a slow dependency":               {rate: 300, call: func(r *rand.Rand) time.Duration { return 20 * lookup(r) }, before: briefly},
		"a crowded machine, few calls":    {rate: 75, call: lookup, before: crowded},
		"a crowded machine, many calls":   {rate: 600, call: lookup, before: crowded},
		"a crowded machine, steady calls": {rate: 1500, call: constant, before: crowded},
		"a large pool":                    {rate: 600, limit: 200, call: lookup, before: crowded},
	} {
		for _, f := range Examine(s.run(3000)) {
			assert.NotEqual(t, summary.FindingPoolExhaustion, f.Kind, name)
		}
	}
}

func TestTheLineThatWaitsForThePoolIsNamed(t *testing.T) {
	e := simulation{rate: 300, limit: 1, call: lookup, before: briefly}.run(3000)
	turn := Stack{{"runtime.gopark", "proc.go", 1}, {"runtime.selectgo", "select.go", 2}, {"example.com/shop/store.turns.wait", "/src/turns.go", 44}, {"net/http.HandlerFunc.ServeHTTP", "server.go", 7}}
	elsewhere := Stack{{"runtime.gopark", "proc.go", 1}, {"runtime.selectgo", "select.go", 2}, {"net/http.(*persistConn).roundTrip", "transport.go", 2}, {"net/http.HandlerFunc.ServeHTTP", "server.go", 7}}
	e.Stacks = []Stacks{
		{At: time.Second, Groups: []Group{{turn, 6}, {elsewhere, 30}}},
		{At: 2 * time.Second, Groups: []Group{{turn, 8}, {elsewhere, 30}}},
		{At: e.To + 3*time.Second},
	}
	found := Examine(e)
	require.NotEmpty(t, found)
	assert.Contains(t, found[0].Sentence, "waiting in store.turns.wait (turns.go:44)")

	// One goroutine at a time may as well answer the one call that is under way.
	e.Stacks[0].Groups, e.Stacks[1].Groups = []Group{{turn, 1}}, []Group{{turn, 1}}
	assert.NotContains(t, Examine(e)[0].Sentence, "waiting in")
}

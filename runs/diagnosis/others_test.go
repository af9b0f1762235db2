package diagnosis

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func TestADependencyIsSlowOnlyIfItsUsualCallIs(t *testing.T) {
	slow := simulation{rate: 100, call: func(r *rand.Rand) time.Duration { return 25 * lookup(r) }, before: briefly}.run(1000)
	found := Examine(slow)
	require.Len(t, found, 1)
	assert.Equal(t, summary.FindingSlowDependency, found[0].Kind)
	assert.Contains(t, found[0].Sentence, `The service waits for an answer to "GET /tokens": 4`)
	assert.Len(t, found[0].Evidence[0].TraceIDs, 3)

	// One call in a hundred is slow, as of any dependency: that is the whole of the slow requests.
	assert.Empty(t, Examine(simulation{rate: 100, call: lookup, before: briefly}.run(1000)))

	slow.Dose = []Point{{0, 0}, {slow.To, 1000}}
	slow.counter(SchedWait, 2)
	assert.Empty(t, Examine(slow), "the service gets no processor")
	slow.Instances[0].Series[SchedWait] = nil
	slow.counter(CPUGC, 0.5)
	slow.counter(CPUTotal, 1)
	slow.counter(AllocatedBytes, 1e9)
	slow.counter(AllocatedObjects, 1e6)
	for _, f := range Examine(slow) {
		assert.Equal(t, summary.FindingGCPressure, f.Kind)
	}
}

// instances is requests of three instances, by how long each takes, about.
func instances(work ...time.Duration) *Evidence {
	random := rand.New(rand.NewPCG(1, 1))
	e := &Evidence{}
	for i, d := range work {
		e.Instances = append(e.Instances, Instance{Service: "shop", ID: fmt.Sprint("shop-", i)})
		for range 200 {
			took := time.Duration(float64(d) * (0.8 + 0.4*random.Float64()))
			e.Requests = append(e.Requests, Request{Instance: i, Response: took, Begin: 1, End: 1 + int64(took)})
		}
	}
	return e
}

func TestAnInstanceThatIsMuchSlowerThanTheOthersIsNamed(t *testing.T) {
	for _, e := range []*Evidence{instances(5*time.Millisecond, 30*time.Millisecond, 5*time.Millisecond), instances(5*time.Millisecond, 30*time.Millisecond)} {
		found := Examine(e)
		require.Len(t, found, 1)
		assert.Equal(t, summary.FindingBadInstance, found[0].Kind)
		assert.Contains(t, found[0].Sentence, "One instance of shop is slow: shop-1 takes")
	}
	for _, e := range []*Evidence{
		instances(5*time.Millisecond, 6*time.Millisecond, 5*time.Millisecond),
		instances(200*time.Microsecond, 900*time.Microsecond), // less than a millisecond
		instances(30 * time.Millisecond),
	} {
		assert.Empty(t, Examine(e))
	}
}

func TestConnectionsThatTheTargetClosesAreChurn(t *testing.T) {
	cut := Attack{Name: "a", Sent: 1000, Opened: 1000, Rate: 100, Response: 4 * time.Millisecond, Connecting: 3 * time.Millisecond}
	found := Examine(&Evidence{Attacks: []Attack{cut}})
	require.Len(t, found, 1)
	assert.Equal(t, summary.FindingChurn, found[0].Kind)
	assert.InDelta(t, 0.75, found[0].Cost, 0.001)

	kept, slow, failing := cut, cut, cut
	kept.Opened = 20
	slow.Response = 5 * time.Second // five hundred are under way, each on its own
	failing.Failed = 900            // a request that times out loses its connection
	assert.Empty(t, Examine(&Evidence{Attacks: []Attack{kept, slow, failing}}))
}

func TestAServiceThatUsesAllProcessorsIsSaturated(t *testing.T) {
	for busy, want := range map[float64]int{1.95: 1, 1.2: 0} {
		e := served(10 * time.Millisecond)
		e.counter(CPUTotal, busy)
		e.Instances[0].Series[Processors] = Series{{0, 2}}
		e.CPU = &CPU{Functions: []Share{{"main.main", 1}, {"example.com/shop.work", 0.6}}}
		found := Examine(e)
		require.Len(t, found, want, busy)
		if want > 0 {
			assert.Equal(t, summary.FindingCPUSaturation, found[0].Kind)
			assert.Contains(t, found[0].Evidence[1].Text, "shop.work takes 60 % of the processor time")
		}
	}
}

package demotarget

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// burst is a bounded load: clients that each ask about good tokens in turn.
type burst struct{ clients, each, tokens int }

// on asks the service and says how many tokens were accepted.
func (b burst) on(t *testing.T, s *spawned) int {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: b.clients}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	accepted := make([]int, b.clients)
	for c := range b.clients {
		wg.Go(func() {
			for i := range b.each {
				n := 1 + (c*b.each+i)%b.tokens
				request, err := http.NewRequest(http.MethodGet, "http://"+s.HTTP+"/auth/validate", nil)
				if !assert.NoError(t, err) {
					return
				}
				request.Header.Set("Authorization", "Bearer "+token.Demo(n))
				response, err := client.Do(request)
				if !assert.NoError(t, err) {
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if response.StatusCode == http.StatusOK {
					accepted[c]++
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range accepted {
		total += n
	}
	return total
}

// seen is a burst on a service with flags, and the metrics that it sent last.
func (b burst) seen(t *testing.T, flags ...string) (c *collector, accepted int) {
	c = newCollector(t)
	s := spawn(t, append([]string{"--otlp=" + c.URL, "--log-level=error"}, flags...)...)
	accepted = b.on(t, s)
	s.stop() // which flushes
	require.Positive(t, accepted)
	return c, accepted
}

// value is the sum of a metric's points that have the attribute, key=value, or of
// all.
func (c *collector) value(name, attribute string) (sum float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.metrics[name]
	for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
		if attribute == "" || hasAttribute(p, attribute) {
			sum += p.GetAsDouble() + float64(p.GetAsInt())
		}
	}
	return sum
}

func hasAttribute(p *metricspb.NumberDataPoint, attribute string) bool {
	for _, a := range p.GetAttributes() {
		if a.GetKey()+"="+a.GetValue().GetStringValue() == attribute {
			return true
		}
	}
	return false
}

func TestALeakOfGoroutinesShowsInTheirNumber(t *testing.T) {
	b := burst{clients: 8, each: 100, tokens: 10}
	sound, _ := b.seen(t)
	leaking, accepted := b.seen(t, "--fault=goroutine-leak")
	assert.Less(t, sound.value("go.goroutine.count", ""), 200.0)
	assert.GreaterOrEqual(t, leaking.value("go.goroutine.count", ""), float64(accepted), "one for each token accepted, when all requests have ended")
	assert.GreaterOrEqual(t, leaking.value("goruntime.goroutine.count", "goruntime.goroutine.state=waiting"), float64(accepted))
}

func TestPressureOnTheCollectorShowsInItsCyclesAndProcessorTime(t *testing.T) {
	b := burst{clients: 8, each: 150, tokens: 10}
	sound, _ := b.seen(t)
	pressed, accepted := b.seen(t, "--fault=gc-pressure")
	for _, c := range []struct {
		metric, attribute string
		times             float64
	}{
		{"go.memory.allocated", "", 5},
		{"go.memory.gc.cycles", "", 3},
		{"go.cpu.time", "go.cpu.state=gc", 3},
	} {
		before, after := sound.value(c.metric, c.attribute), pressed.value(c.metric, c.attribute)
		assert.Greater(t, after, c.times*before, "%s %s: %v without the fault, %v with it", c.metric, c.attribute, before, after)
		assert.Positive(t, before, "%s %s is there at all", c.metric, c.attribute)
	}
	assert.Greater(t, pressed.value("go.memory.allocated", "")/float64(accepted), 256.0*1024, "bytes for each token")
}

func TestContentionShowsInTheWaitForMutexes(t *testing.T) {
	b := burst{clients: 32, each: 60, tokens: 1900}
	sound, _ := b.seen(t)
	contended, _ := b.seen(t, "--fault=lock-contention")
	before, after := sound.value("goruntime.mutex.wait.time", ""), contended.value("goruntime.mutex.wait.time", "")
	assert.Greater(t, after, 5*before, "%v s without the fault, %v s with it", before, after)
	assert.Greater(t, after, 0.2, "seconds")
}

func TestAnExhaustedPoolShowsInTheLookupsAndGoroutinesThatWait(t *testing.T) {
	b := burst{clients: 32, each: 20, tokens: 4000}
	sound, exhausted := newCollector(t), newCollector(t)
	flags := []string{"--log-level=error", "--store-latency=5ms", "--cache=1"}
	for c, fault := range map[*collector]string{sound: "", exhausted: "pool-exhaustion"} {
		s := spawn(t, append(flags, "--otlp="+c.URL, "--fault="+fault)...)
		began := time.Now()
		done := make(chan int, 1)
		go func() { done <- b.on(t, s) }()
		if fault != "" {
			require.Eventually(t, func() bool { return c.value("auth.store.lookups.pending", "") > 16 }, time.Minute, 10*time.Millisecond,
				"of 32 clients one has its turn")
			assert.LessOrEqual(t, c.value("auth.store.lookups.active", ""), 1.0)
			assert.Greater(t, c.value("goruntime.goroutine.count", "goruntime.goroutine.state=waiting"), 16.0)
		}
		<-done
		took := time.Since(began)
		if fault != "" {
			assert.Greater(t, took, time.Duration(b.clients*b.each)*4*time.Millisecond, "one after another, however fast the machine")
		}
		s.stop()
	}
	assert.Contains(t, sound.metrics, "auth.store.lookups.pending")
	assert.Zero(t, sound.value("auth.store.lookups.pending", ""))
}

func TestNoFaultIsPlantedUnlessItIsAskedFor(t *testing.T) {
	o, _, err := parse(nil)
	require.NoError(t, err)
	assert.Empty(t, o.faults)
	o, _, err = parse([]string{"--fault=gc-pressure, goroutine-leak"})
	require.NoError(t, err)
	assert.Equal(t, "[gc-pressure goroutine-leak]", fmt.Sprint(o.faults))
}

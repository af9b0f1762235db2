package profiles

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target serves the profiles of this process below /debug/pprof/.
func target(t *testing.T, asked func(*http.Request)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked != nil {
			asked(r)
		}
		name, debug := strings.TrimPrefix(r.URL.Path, "/debug/pprof/"), 0
		if r.URL.Query().Get("debug") == "2" {
			debug = 2
		}
		p := pprof.Lookup(name)
		if p == nil {
			http.NotFound(w, r)
			return
		}
		var out bytes.Buffer
		assert.NoError(t, p.WriteTo(&out, debug))
		w.Write(out.Bytes())
	}))
	t.Cleanup(s.Close)
	return s.URL + "/debug/pprof/"
}

func TestWhatIsAskedForBeforeAndAfterTheLoadIsKeptAndCounted(t *testing.T) {
	var forced atomic.Int64
	p, err := New(target(t, func(r *http.Request) {
		if r.URL.Query().Get("gc") == "1" {
			forced.Add(1)
		}
	}), time.Second, allow.Gate{})
	require.NoError(t, err)
	defer p.Close()
	zero := time.Now()
	p.Baseline(t.Context())
	load, ended := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer ended()
	p.During(load, time.Hour)
	assert.EqualValues(t, 1, forced.Load(), "no collection is forced under load")
	p.After(t.Context(), 100)

	var e diagnosis.Evidence
	p.Fill(&e, zero)
	assert.GreaterOrEqual(t, len(e.Stacks), 4)
	assert.NotNil(t, e.Allocations)
	assert.Empty(t, p.Cost().Troubles)
	assert.Positive(t, p.Cost().Bytes)
	var names []string
	for _, k := range p.Kept() {
		names = append(names, k.Name)
	}
	assert.Equal(t, []string{"goroutine-baseline", "heap-baseline", "mutex-baseline", "goroutine-load", "goroutine-after", "heap-after", "mutex-after"}, names)
}

func TestATargetThatIsNotInTheListIsNotDialled(t *testing.T) {
	var asked atomic.Bool
	url := target(t, func(*http.Request) { asked.Store(true) })
	list, err := allow.Parse("allowed", []string{"10.0.0.1"})
	require.NoError(t, err)
	p, err := New(url, time.Second, allow.New(list))
	require.NoError(t, err)
	defer p.Close()
	p.Baseline(t.Context())
	assert.False(t, asked.Load())
	assert.Contains(t, p.Cost().Troubles[0], "is not in allowed")
	assert.Zero(t, p.Cost().Taken)
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var elsewhere atomic.Bool
	other := target(t, func(*http.Request) { elsewhere.Store(true) })
	s := httptest.NewServer(http.RedirectHandler(other+"goroutine", http.StatusFound))
	defer s.Close()
	p, err := New(s.URL, time.Second, allow.Gate{})
	require.NoError(t, err)
	defer p.Close()
	p.Baseline(t.Context())
	assert.False(t, elsewhere.Load())
	assert.Contains(t, p.Cost().Troubles[0], "the target answers 302")
}

func TestAnswersWithoutEndAreCutAndAreNoProfiles(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	p, err := New(s.URL, time.Second, allow.Gate{})
	require.NoError(t, err)
	defer p.Close()
	p.look(t.Context(), "load")
	assert.Equal(t, []string{"read goroutine: it is longer than 16 MiB"}, p.Cost().Troubles)
	assert.Empty(t, p.Kept())
}

func TestAPageOfHTMLIsATroubleAndNoProfile(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>hello</html>")) }))
	defer s.Close()
	p, err := New(s.URL, time.Second, allow.Gate{})
	require.NoError(t, err)
	defer p.Close()
	p.look(t.Context(), "load")
	assert.Len(t, p.Cost().Troubles, 1)
}

func TestManyLooksAreThinnedOut(t *testing.T) {
	p := &Profiler{every: interval}
	for n := range mostLooks {
		p.looks = append(p.looks, look{total: n})
	}
	p.thin()
	assert.Len(t, p.looks, mostLooks/2)
	assert.Equal(t, 0, p.looks[0].total, "that before the load stays")
	assert.Equal(t, 2*interval, p.every)
}

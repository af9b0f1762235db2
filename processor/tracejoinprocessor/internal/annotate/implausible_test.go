package annotate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// A server span of ten hours inside a response of a tenth of a second was the whole of its
// ledger, and one without an end had worked for no time at all.
func TestAServerSpanThatCannotBeTrueIsNotUsed(t *testing.T) {
	good := server(2, 1, auth, 10*ms, 60*ms)
	with := func(change func(*join.Server)) join.Server {
		s := server(3, 1, auth, 10*ms, 70*ms)
		change(&s)
		return s
	}
	tenHours := with(func(s *join.Server) { s.Ended = at(10 * time.Hour) })
	for name, c := range map[string]struct {
		servers  []join.Server
		waited   time.Duration
		now      time.Duration // since the request was sent
		duration time.Duration // 0: no server
		refused  bool
	}{
		"plausible":                    {[]join.Server{good}, 5 * time.Second, 6 * time.Second, 50 * ms, false},
		"ten hours":                    {[]join.Server{tenHours}, 5 * time.Second, 6 * time.Second, 0, true},
		"ten hours beside a good one":  {[]join.Server{tenHours, good}, 5 * time.Second, 6 * time.Second, 50 * ms, true},
		"no end":                       {[]join.Server{with(func(s *join.Server) { s.Ended = 0 })}, 5 * time.Second, 6 * time.Second, 0, true},
		"no begin":                     {[]join.Server{with(func(s *join.Server) { s.Began = 0 })}, 5 * time.Second, 6 * time.Second, 0, true},
		"no time":                      {[]join.Server{with(func(s *join.Server) { s.Began, s.Ended = 0, 0 })}, 5 * time.Second, 6 * time.Second, 0, true},
		"ended before it began":        {[]join.Server{with(func(s *join.Server) { s.Ended = s.Began - 1 })}, 5 * time.Second, 6 * time.Second, 0, true},
		"a time beyond all":            {[]join.Server{with(func(s *join.Server) { s.Ended = pcommon.Timestamp(1<<64 - 1) })}, 5 * time.Second, 6 * time.Second, 0, true},
		"went on while it was awaited": {[]join.Server{with(func(s *join.Server) { s.Ended = at(10*ms + 5*time.Second) })}, 5 * time.Second, 6 * time.Second, 5 * time.Second, false},
		"the client's span came late":  {[]join.Server{with(func(s *join.Server) { s.Ended = at(3 * time.Minute) })}, 5 * time.Second, 5 * time.Minute, 3*time.Minute - 10*ms, false},
		"our clock is behind":          {[]join.Server{good}, 5 * time.Second, -10 * time.Hour, 50 * ms, false},
		"under one that cannot be":     {[]join.Server{tenHours, server(4, 3, store, 20*ms, 30*ms)}, 5 * time.Second, 6 * time.Second, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			j := joined(client(ptrace.NewTraces()), c.servers...)
			r := match(j, epoch.Add(c.now), c.waited)
			r.Clocked = true
			r.Conclude(annotate.Expected{})
			assert.Equal(t, c.duration, r.Server.Duration)
			_, pair := r.Pair()
			assert.Equal(t, c.duration > 0, pair, "what cannot be true tells nothing of clocks")
			var want []annotate.Missing
			if c.duration == 0 {
				want = append(want, annotate.NoServerSpan)
			}
			if c.refused {
				want = append(want, annotate.Implausible)
			}
			assert.ElementsMatch(t, want, r.Missing)
			assert.LessOrEqual(t, len(j.Of.Servers), len(c.servers))
			assert.Equal(t, c.servers, j.Of.Servers, "another client span of the trace may believe them")
		})
	}
}

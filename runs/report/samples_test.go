package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sample is a run by a seed: its records go to a summary and to a builder.
type sample struct {
	run      loadgen.RunID
	plan     *loadgen.Plan
	accounts []runner.Account
	figures  *summary.Accumulator
	builder  *Builder
	rnd      *rand.Rand
	records  []uint64 // by attack
	targets  []*loadgen.Target
	also     loadgen.Sink // gets the records too; nil for none
	punctual bool         // no request is too late to be sent
}

func newSample(names ...string) *sample {
	s := &sample{run: loadgen.RunID{0x4f, 0x0c, 0x71, 0x9a, 0x55, 0x20, 0xb3, 0xee}, plan: &loadgen.Plan{Name: "checkout"}, rnd: rand.New(rand.NewPCG(7, 11))}
	for _, name := range names {
		s.plan.Attacks = append(s.plan.Attacks, loadgen.Attack{Name: name, Load: []pace.Stage{{Constant: 500}}})
		s.accounts = append(s.accounts, runner.Account{Target: "GET http://127.0.0.1:8080/" + name, Begun: true, Ended: true})
		s.targets = append(s.targets, &loadgen.Target{Method: "GET", URL: "http://127.0.0.1:8080/" + name + "?q=1", Scheme: "http", Host: "127.0.0.1", Port: 8080})
	}
	s.records = make([]uint64, len(names))
	s.plan.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "250ms"}, {Metric: loadgen.MetricErrorRatio, AtMost: "0.1%"}}
	s.figures, s.builder = summary.New(s.plan, s.run, began), NewBuilder(names...)
	return s
}

func (s *sample) us(median, sigma float64) time.Duration {
	return time.Duration(median * math.Exp(s.rnd.NormFloat64()*sigma) * 1e3)
}

// record is the next of an attack, of which one is due each gap.
func (s *sample) record(attack int, gap time.Duration) loadgen.Record {
	seq := s.records[attack]
	s.records[attack]++
	r := loadgen.Record{
		Attack: attack, Seq: seq, TraceID: s.run.TraceID(attack, seq), SpanID: s.run.SpanID(attack, seq), Open: true,
		Intended: began.Add(time.Duration(seq) * gap), Target: s.targets[attack], Status: 200, Reused: seq > 30, BytesReceived: 412,
		Phases: loadgen.Phases{Conn: s.us(0.3, 0.2), Write: s.us(14, 0.4), Wait: s.us(2100, 0.6), Read: s.us(22, 0.5)},
	}
	if !r.Reused {
		r.Dialed, r.Phases.Connect = 1, s.us(180, 0.3)
	}
	return r
}

func (s *sample) put(r *loadgen.Record) {
	if r.Outcome != loadgen.NotSent {
		r.Sent = r.Intended.Add(s.us(60, 0.5))
		r.Done = r.Sent.Add(r.Phases.Sum() + s.us(9, 0.2))
	}
	s.figures.Add(r)
	s.builder.Add(r)
	if s.also != nil {
		s.also(r)
	}
	c := &s.accounts[r.Attack]
	c.Planned++
	c.Given++
	c.Recorded++
	if len(c.Stages) == 0 {
		c.Stages = []pace.Progress{{Open: true, Begun: true, Begin: r.Intended}}
	}
	p := &c.Stages[0]
	p.Given++
	p.Due++
	p.End = r.Intended.Add(2 * time.Millisecond)
	p.Planned, p.Until = p.End, p.End
	c.Length = p.End.Sub(began)
}

// put an even flow of n requests, of which some are slow, wrong or late.
func (s *sample) flow(attack, n int, gap time.Duration) {
	for range n {
		r := s.record(attack, gap)
		at := r.Intended.Sub(began).Seconds()
		switch p := s.rnd.Float64(); {
		case p < 0.0006:
			r.Outcome, r.Error, r.ErrorText, r.Status = loadgen.Failed, loadgen.ErrorTimeout, "no whole response within 1s", 0
			r.Phases.Wait = time.Second
		case p < 0.003:
			r.Status, r.Excerpt = 503, `{"error": "store unavailable"}`
		case p < 0.0035 && !s.punctual:
			r.Outcome, r.NotSent, r.Phases = loadgen.NotSent, loadgen.NotSentLate, loadgen.Phases{}
		case p < 0.01 || at > 12 && at < 13.5:
			r.Phases.Wait += s.us(60_000, 0.7)
		}
		s.put(&r)
	}
}

// data of the run, in which a slow request is explained.
func (s *sample) data() *Data {
	var elapsed time.Duration
	for i := range s.accounts {
		elapsed = max(elapsed, s.accounts[i].Length)
	}
	sum := s.figures.Summary(began.Add(elapsed), summary.Conclusion{Accounts: s.accounts})
	n := sum.Total.Requests.Sent()
	sum.Telemetry = summary.Telemetry{SpansMade: n + 1, SpansDelivered: n + 1, SpansPerRequest: 1}
	w := verdict.NewWatch(s.figures.Checks())
	w.Observe(elapsed, s.figures.Readings(began.Add(elapsed), s.accounts))
	sum.Judge(s.plan, w.Results(), vitals.Strain{})
	return s.builder.Data(&sum)
}

// telemetry of a target for the requests of a run.
func (s *sample) telemetry(seconds int) {
	for i := range seconds * 2 {
		for in, name := range []string{"auth-service a1", "auth-service b2"} {
			l := Unknown()
			l.At = began.Add(time.Duration(i) * 500 * time.Millisecond)
			x := float64(i)/7 + float64(in)
			l.Values[0], l.Values[1] = 0.6+0.3*math.Sin(x), 60+20*math.Cos(x)+float64(in)*15
			l.Values[2], l.Values[3], l.Values[5] = 5e7+2e7*math.Mod(x, 1), 8e7, 2e-4*(1+math.Sin(x))
			l.Values[7], l.Values[8] = 1+math.Sin(x), 1e-4
			s.builder.Join(&Joined{
				Response: 3 * time.Millisecond, GCOverlap: []string{"yes", "no", "no", "possible"}[i%4], Instance: name, Levels: l,
				Ledger: []Component{{"schedule lag", 60 * time.Microsecond}, {"write", 20 * time.Microsecond}, {"network, queues", 300 * time.Microsecond}, {"server", 2600 * time.Microsecond}, {"unexplained", 20 * time.Microsecond}},
			})
		}
	}
}

// explain the slowest requests.
func explain(d *Data) {
	for _, r := range d.Requests[:min(len(d.Requests), 8)] {
		took := r.ServiceTime()
		t := &Trace{Service: "auth-service", Route: "/auth/validate", Missing: []string{"no log lines of the store"}}
		t.Ledger = []Component{{"schedule lag", r.Lag()}, {"write", r.Phases.Write}, {"network, queues", took / 50}, {"server", took - r.Phases.Write - took/50}}
		t.Facts = []string{"58 goroutines", "heap 51.5 MiB", "scheduler latency p99 197 µs", "a collection went on for 3.10 ms of it"}
		t.Spans = []Span{{Name: "GET", Service: "loadtrace", Kind: "Client", Took: took}, {Depth: 1, Name: "GET /auth/validate", Service: "auth-service", Kind: "Server", Begin: took / 40, Took: took - took/20}}
		for i := range 4 {
			t.Spans = append(t.Spans, Span{Depth: 2 + i%2, Name: fmt.Sprintf("GET /tokens/{digest} %d", i), Service: "store", Kind: "Server", Begin: took/20 + time.Duration(i)*took/5, Took: took / 6})
		}
		t.Spans[4].Error = "store unavailable"
		t.Lines = []Line{{took / 2, "WARN", "", "store lookup was slow"}, {took - took/30, "INFO", "store", "token accepted"}}
		r.Trace = t
	}
}

func example() *Data {
	s := newSample("validate")
	s.punctual = true
	s.flow(0, 15_000, 2*time.Millisecond)
	s.telemetry(30)
	d := s.data()
	explain(d)
	return d
}

func severalAttacks(seed uint64) *Data { return severalAttacksFor(seed, 30) }

func severalAttacksFor(seed uint64, seconds int) *Data {
	s := newSample("validate", "pay", "health")
	s.rnd = rand.New(rand.NewPCG(seed, 11))
	s.flow(0, 500*seconds, 2*time.Millisecond)
	s.flow(1, 100*seconds, 10*time.Millisecond)
	s.flow(2, seconds, time.Second)
	s.telemetry(seconds)
	d := s.data()
	explain(d)
	d.Summary.Findings = []summary.Finding{{
		Kind: "lock_contention", Sentence: "Requests wait for one mutex in the token cache: 62 % of the blocked time is at tokens.(*Cache).Get.", Confidence: 0.9, Basis: summary.BasisMeasured,
		Evidence: []summary.FindingEvidence{{Source: "mutex_profile", Text: "62 % of the blocked time is at tokens.(*Cache).Get", TraceIDs: []string{d.Summary.Slowest[0].TraceID, "0123"}}, {Source: "requests", Text: "the p99 grows with the rate"}},
		Try:      []string{"split the cache into shards"}, Refute: []string{"a mutex profile without this lock at the same rate"},
	}}
	return d
}

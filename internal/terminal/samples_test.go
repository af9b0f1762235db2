package terminal

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

var (
	began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	runID = loadgen.RunID{0x4f, 0x0c, 0x71, 0x9a, 0x55, 0x20, 0xb3, 0xee}
)

// sample makes a run's records by a seed, so that what is drawn is what an
// accumulator gives.
type sample struct {
	plan     *loadgen.Plan
	accounts []runner.Account
	figures  *summary.Accumulator
	rnd      *rand.Rand
	records  map[int]uint64 // by attack
	gap      time.Duration  // between the requests of an attack
}

func newSample(names ...string) *sample {
	s := &sample{plan: &loadgen.Plan{Name: "checkout"}, rnd: rand.New(rand.NewPCG(7, 11)), records: map[int]uint64{}, gap: 2 * time.Millisecond}
	for _, name := range names {
		s.plan.Attacks = append(s.plan.Attacks, loadgen.Attack{Name: name, Load: []pace.Stage{{Constant: 500}}})
		s.accounts = append(s.accounts, runner.Account{
			Target: "GET http://127.0.0.1:8080/" + name, Ended: true, Begun: true,
		})
	}
	s.figures = summary.New(s.plan, runID, began)
	return s
}

// us draws a duration of a lognormal distribution.
func (s *sample) us(median, sigma float64) time.Duration {
	return time.Duration(median * math.Exp(s.rnd.NormFloat64()*sigma) * 1e3)
}

// add n requests of an attack, each changed by bend.
func (s *sample) add(attack, n int, bend ...func(*loadgen.Record)) {
	target := &loadgen.Target{Method: "GET", URL: "http://127.0.0.1:8080/" + s.plan.Attacks[attack].Name}
	for range n {
		seq := s.records[attack]
		s.records[attack]++
		r := loadgen.Record{
			Attack: attack, Seq: seq, TraceID: runID.TraceID(attack, seq), SpanID: runID.SpanID(attack, seq),
			Open: true, Intended: began.Add(time.Duration(seq) * s.gap),
			Target: target, Status: 200, Reused: true, BytesReceived: 412,
			Phases: loadgen.Phases{Conn: s.us(0.3, 0.2), Write: s.us(14, 0.4), Wait: s.us(2100, 0.6), Read: s.us(22, 0.5)},
		}
		if seq < 32 {
			r.Reused, r.Dialed = false, 1
			r.Phases.Conn, r.Phases.Connect = 0, s.us(180, 0.3)
		}
		for _, b := range bend {
			b(&r)
		}
		s.put(r)
	}
}

func (s *sample) put(r loadgen.Record) {
	if r.Outcome != loadgen.NotSent {
		r.Sent = r.Intended.Add(s.us(60, 0.5))
		if !r.Open {
			r.Sent = r.Intended
		}
		r.Done = r.Sent.Add(r.Phases.Sum() + s.us(9, 0.2))
	}
	s.figures.Add(&r)
	c := &s.accounts[r.Attack]
	c.Planned++
	c.Given++
	c.Recorded++
	s.progress(c, &r)
}

// progress has the stage of a request reach from its first to one gap behind its last.
func (s *sample) progress(c *runner.Account, r *loadgen.Record) {
	for len(c.Stages) <= r.Stage {
		c.Stages = append(c.Stages, pace.Progress{})
	}
	p := &c.Stages[r.Stage]
	if !p.Begun {
		*p = pace.Progress{Open: r.Open, Begun: true, Begin: r.Intended}
	}
	p.Given++
	p.Due++
	p.End = r.Intended.Add(s.gap)
	p.Planned, p.Until = p.End, p.End
}

func (s *sample) summary(elapsed time.Duration, c summary.Conclusion) summary.Summary {
	c.Accounts = s.accounts
	for i := range s.accounts {
		s.accounts[i].Length = max(s.accounts[i].Length, time.Duration(s.accounts[i].Planned)*s.gap)
	}
	sum := s.figures.Summary(began.Add(elapsed), c)
	n := sum.Total.Requests.Sent()
	sum.Telemetry = summary.Telemetry{SpansMade: n + 1, SpansDelivered: n + 1}
	if n > 0 {
		sum.Telemetry.SpansPerRequest = 1
	}
	return sum
}

func status(code int) func(*loadgen.Record) {
	return func(r *loadgen.Record) { r.Status = code }
}

func path3(r *loadgen.Record) {
	r.Target = &loadgen.Target{Method: "POST", URL: fmt.Sprintf("http://127.0.0.1:8080/carts/%d/checkout?currency=EUR", r.Seq)}
}

func failure(kind loadgen.ErrorKind, words string) func(*loadgen.Record) {
	return func(r *loadgen.Record) {
		r.Outcome, r.Error, r.ErrorText, r.Status = loadgen.Failed, kind, words, 0
	}
}

func late(r *loadgen.Record) {
	r.Outcome, r.NotSent, r.Phases = loadgen.NotSent, loadgen.NotSentLate, loadgen.Phases{}
}

func closed(r *loadgen.Record) { r.Open = false }

func slow(d time.Duration) func(*loadgen.Record) {
	return func(r *loadgen.Record) { r.Phases.Wait += d }
}

// summaries by name. They are made once; their maps must not be changed.
var summaries = sync.OnceValue(func() map[string]summary.Summary {
	return map[string]summary.Summary{
		"one_attack": oneAttack(), "several_attacks": severalAttacks(), "failures": failures(),
		"stopped_early": stoppedEarly(), "faults": faults(), "nothing_sent": nothingSent(), "closed_loop": closedLoop(),
		"both_protocols": bothProtocols(), "dead": dead(), "unauthorized": unauthorized(), "one_dead": oneDead(),
		"passed": passed(), "breached": breached(), "untrusted": untrusted(), "sound": sound(), "imported": imported(),
	}
})

func oneAttack() summary.Summary {
	s := newSample("auth/validate")
	s.add(0, 14_900)
	s.add(0, 100, slow(180*time.Millisecond))
	return s.summary(30_004*time.Millisecond, summary.Conclusion{})
}

func severalAttacks() summary.Summary {
	s := newSample("validate", "pay", "health")
	s.add(0, 15_000)
	s.accounts[1].Length, s.accounts[2].Length = 30*time.Second, 30*time.Second
	s.gap = 10 * time.Millisecond
	s.add(1, 2_990, path3)
	s.add(1, 10, path3, status(503), slow(time.Second))
	s.gap = time.Second
	s.add(2, 30)
	s.gap = 2 * time.Millisecond
	return s.summary(30_010*time.Millisecond, summary.Conclusion{})
}

func failures() summary.Summary {
	s := newSample("pay")
	s.add(0, 9_000, path3)
	s.add(0, 320, path3, status(404))
	s.add(0, 41, path3, status(429))
	s.add(0, 12, path3, status(503))
	s.add(0, 25, path3, failure(loadgen.ErrorTimeout, "no whole response within 5s: context deadline exceeded"), slow(5*time.Second))
	s.add(0, 7, path3, failure(loadgen.ErrorReset, "read tcp 127.0.0.1:41234->127.0.0.1:8080: read: connection reset by peer"))
	s.add(0, 1, path3, failure(loadgen.ErrorTLS, "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: \x1b[2Jcurrent time 2026-03-01T12:00:00Z is after 2025-12-31T23:59:59Z"))
	s.add(0, 20, late)
	return s.summary(31_200*time.Millisecond, summary.Conclusion{})
}

// rpc makes a record that of a call.
func rpc(method string) func(*loadgen.Record) {
	target := &loadgen.Target{Method: method, URL: "grpc://127.0.0.1:9090/" + method, RPC: true}
	return func(r *loadgen.Record) {
		r.Target, r.Status = target, 0
		r.Phases = loadgen.Phases{Wait: r.Phases.Wait}
	}
}

// messages makes a call one that streams.
func (s *sample) messages(n int) func(*loadgen.Record) {
	return func(r *loadgen.Record) {
		r.Stream = &loadgen.Stream{Sent: n, Received: n, First: s.us(900, 0.3)}
		for range n - 1 {
			r.Stream.Gaps = append(r.Stream.Gaps, s.us(300, 0.5))
		}
	}
}

func bothProtocols() summary.Summary {
	s := newSample("http", "unary", "stream")
	s.accounts[1].Target = "grpc 127.0.0.1:9090 auth.v1.Auth/Validate"
	s.accounts[2].Target = "grpc 127.0.0.1:9090 auth.v1.Auth/ValidateStream"
	s.add(0, 2_900)
	s.add(0, 100, status(404))
	s.add(1, 2_960, rpc("auth.v1.Auth/Validate"))
	s.add(1, 30, rpc("auth.v1.Auth/Validate"), status(16))
	s.add(1, 8, rpc("auth.v1.Auth/Validate"), status(14), slow(300*time.Millisecond))
	s.add(1, 2, rpc("auth.v1.Auth/Validate"), failure(loadgen.ErrorTimeout, "no end of the call within 1s"), slow(time.Second))
	s.accounts[2].Length, s.gap = 6*time.Second, 10*time.Millisecond
	s.add(2, 600, rpc("auth.v1.Auth/ValidateStream"), s.messages(5))
	s.gap = 2 * time.Millisecond
	return s.summary(6_010*time.Millisecond, summary.Conclusion{})
}

// dead is a run against a port where nobody listens.
func dead() summary.Summary {
	s := newSample("pay")
	s.add(0, 2_000, failure(loadgen.ErrorRefused, "dial tcp 127.0.0.1:8080: connect: connection refused"))
	return s.sound(4 * time.Second)
}

// unauthorized is a run with a token that expired.
func unauthorized() summary.Summary {
	s := newSample("pay")
	s.add(0, 20)
	s.add(0, 1, status(401), excerpt("{\"error\": \"the token expired\", \"hint\": \"\x1b[31mlog in again at https://auth.example.com/login?from=loadtrace\"}"))
	s.add(0, 1_978, status(401))
	s.add(0, 1, status(503), excerpt("no healthy upstream"))
	return s.sound(4 * time.Second)
}

// oneDead is a run of three attacks, one of which failed as a whole; its threshold is
// on something else.
func oneDead() summary.Summary {
	s := newSample("validate", "pay", "health")
	s.plan.Thresholds = []loadgen.Threshold{{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "200ms"}}
	s.figures = summary.New(s.plan, runID, began)
	s.add(0, 2_000)
	s.add(1, 500, rpc("pay.v1.Pay/Charge"), status(16), excerpt("no credentials"))
	s.add(2, 2_000)
	return s.sound(4 * time.Second)
}

// sound is a summary with its verdict, on a machine that was calm.
func (s *sample) sound(elapsed time.Duration) summary.Summary {
	sum := s.summary(elapsed, summary.Conclusion{})
	w := verdict.NewWatch(s.figures.Checks())
	w.Observe(elapsed, s.figures.Readings(began.Add(elapsed), s.accounts))
	sum.Judge(s.plan, w.Results(), calm)
	return sum
}

func excerpt(text string) func(*loadgen.Record) {
	return func(r *loadgen.Record) { r.Excerpt = text }
}

func stoppedEarly() summary.Summary {
	s := newSample("validate")
	s.add(0, 6_000)
	s.accounts[0].Planned, s.accounts[0].Unsent, s.accounts[0].UnsentReason = 15_000, 9_000, loadgen.NotSentStopped
	return s.summary(12_050*time.Millisecond, summary.Conclusion{Stopped: true})
}

func faults() summary.Summary {
	s := newSample("validate")
	s.add(0, 1_000)
	s.accounts[0].Given += 2
	s.accounts[0].Planned += 2
	sum := s.summary(2*time.Second, summary.Conclusion{})
	sum.Telemetry = summary.Telemetry{
		SpansMade: 1001, SpansDelivered: 701, SpansDropped: 300, Refused: 12, LogsDropped: 1, SpansPerRequest: 1,
	}
	sum.Faults = append(sum.Faults, sum.Telemetry.Check(1000)...)
	return sum
}

func nothingSent() summary.Summary {
	s := newSample("validate")
	s.accounts[0] = runner.Account{
		Target: "GET http://127.0.0.1:8080/validate", Planned: 500, Unsent: 500, UnsentReason: loadgen.NotSentError,
	}
	return s.summary(12*time.Millisecond, summary.Conclusion{
		Err: fmt.Errorf("attack validate: open the targets: open tokens.http: no such file or directory"),
	})
}

func closedLoop() summary.Summary {
	s := newSample("validate")
	s.plan.Attacks[0].Load = []pace.Stage{{Max: &pace.Max{Workers: 8}}}
	s.add(0, 40_000, closed)
	return s.summary(80*time.Second, summary.Conclusion{})
}

// judged is a summary with the verdict on it, as of two looks at the thresholds.
func judged(thresholds []loadgen.Threshold, strain vitals.Strain, bend ...func(*loadgen.Record)) summary.Summary {
	s := newSample("validate", "pay")
	s.plan.Thresholds = thresholds
	for i := range s.plan.Attacks {
		s.plan.Attacks[i].Load = []pace.Stage{{Name: "warm-up", Constant: 500, Count: 1000}, {Name: "steady", Constant: 500, Count: 4000}}
	}
	s.figures = summary.New(s.plan, runID, began)
	s.add(0, 2_000, bend...)
	s.add(1, 1_900)
	s.add(1, 100, status(503), inStage(1))
	w := verdict.NewWatch(s.figures.Checks())
	for i := range s.accounts {
		s.accounts[i].Begin = began
	}
	w.Observe(3200*time.Millisecond, s.figures.Readings(began.Add(3200*time.Millisecond), s.accounts))
	s.add(0, 3_000, append(bend, inStage(1))...)
	s.add(1, 3_000, inStage(1))
	w.Observe(10*time.Second, s.figures.Readings(began.Add(10*time.Second), s.accounts))
	sum := s.summary(10*time.Second, summary.Conclusion{})
	sum.Judge(s.plan, w.Results(), strain)
	return sum
}

func inStage(i int) func(*loadgen.Record) { return func(r *loadgen.Record) { r.Stage = i } }

var calm = vitals.Strain{CPUThrottled: new(0.0), CPUSteal: new(0.001), SchedulerLatency: new(0.0002)}

func passed() summary.Summary {
	return judged([]loadgen.Threshold{
		{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "200ms"},
		{Metric: loadgen.MetricErrorRatio, AtMost: "2.5%", Attack: "pay"},
		{Metric: loadgen.MetricRate, AtLeast: "95%", Attack: "validate", Stage: "steady"},
	}, calm)
}

func breached() summary.Summary {
	return judged([]loadgen.Threshold{
		{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "5ms", Stage: "each"},
		{Metric: loadgen.MetricServiceTime, Stat: loadgen.StatMean, AtMost: "3ms", Attack: "validate"},
		{Metric: loadgen.MetricStatus, Status: "5xx", AtMost: "0%"},
		{Metric: loadgen.MetricStatus, Status: "404", AtMost: "0.05%", Attack: "pay", Stage: "steady"},
		{Metric: loadgen.MetricRate, AtLeast: "1500/s"},
		{Metric: loadgen.MetricScheduleLag, Stat: loadgen.StatMax, AtMost: "500us"},
		{Metric: loadgen.MetricErrorRatio, AtMost: "1%", Attack: "validate", Window: time.Minute},
	}, vitals.Strain{SchedulerLatency: new(0.0002)})
}

func untrusted() summary.Summary {
	sum := judged([]loadgen.Threshold{{Metric: loadgen.MetricResponseTime, Percentile: 99, AtMost: "5ms"}},
		vitals.Strain{CPUThrottled: new(0.31), CPUSteal: new(0.0), SchedulerLatency: new(0.0137)})
	sum.Usage = &vitals.Usage{Load: 5.2, Processors: 2, Busy: 1.97, Top: []vitals.Process{
		{Name: "stress-ng\x1b[2J", PID: 4711, Processors: 1.31}, {Name: "loadtrace", PID: 4712, Processors: 0.4, Self: true},
		{Name: "auth-service", PID: 9, Processors: 0.2},
	}}
	return sum
}

func sound() summary.Summary { return judged(nil, vitals.Strain{SchedulerLatency: new(0.0)}) }

package summary

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Seconds is a duration as JSON readers expect it: a number of seconds.
type Seconds float64

// Duration converts back.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// How a run ended.
const (
	Completed = "completed" // its schedule was completed, late requests included
	Stopped   = "stopped"   // by the user or a limit
	Failed    = "failed"    // an engine gave up
)

// Summary is what became of a run.
type Summary struct {
	RunID string `json:"run_id"`
	// Imported is where the figures are from if another tool made them; nil of our own.
	Imported *Imported `json:"imported,omitempty"`
	Shard    *Shard    `json:"shard,omitempty"` // nil: the whole run
	Plan     string    `json:"plan"`
	// Digest reports whether another run had the same order of attacks and the same limits.
	Digest  string    `json:"digest,omitempty"`
	Began   time.Time `json:"began"`
	Elapsed Seconds   `json:"elapsed"`
	// End is Completed, Stopped or Failed.
	End   string `json:"end"`
	Error string `json:"error,omitempty"` // the engine's, if it failed
	// StopReason is what stopped the run: a user, a limit, or a threshold.
	StopReason string `json:"stop_reason,omitempty"`
	// Verdict on the run, from what was known when it was asked for: that on the run's
	// span cannot know yet of telemetry that was lost after it.
	Verdict verdict.Report `json:"verdict"`
	Total   Figures        `json:"total"`
	Attacks []Attack       `json:"attacks"`
	// Slowest requests by response time, the slowest first, at most ten. None that the
	// stop of the run cut off is among them.
	Slowest []Request `json:"slowest"`
	// Failures are the first failed requests, at most five of each kind and attack,
	// by attack and the time of sending.
	Failures  []Request `json:"failures,omitempty"`
	Telemetry Telemetry `json:"telemetry"`
	// Environment is what the figures were measured in: those of two runs may only be
	// compared if it is the same.
	Environment Environment `json:"environment"`
	// Usage is what used the generator's machine during the run; nil if that is not known.
	Usage *vitals.Usage `json:"usage,omitempty"`
	// Findings are the causes that the run names, the one that explains most first. There
	// is none without evidence.
	Findings []Finding `json:"findings,omitempty"`
	// Diagnosis says what the findings could rest on; nil if nothing of the target was
	// looked at.
	Diagnosis *Diagnosis `json:"diagnosis,omitempty"`
	// Addends are what the figures of a shard are computed from, for loadtrace merge; nil
	// if this is the whole run.
	Addends *Addends `json:"addends,omitempty"`
	// Shards are the shards that the run was merged from; nil if it was not.
	Shards []MergedShard `json:"shards,omitempty"`
	// Faults are errors of loadtrace itself, each a sentence: counts that do not
	// add up, telemetry that was lost. A run with faults is not to be trusted.
	Faults []string `json:"faults,omitempty"`
}

// Attack is the part of one attack.
type Attack struct {
	Name   string `json:"name"`
	Target string `json:"target"` // the URL, or the targets file and the number of its targets
	// Digest reports whether another attack does the same; nil if that is not known.
	Digest *loadgen.Digest `json:"digest,omitempty"`
	Figures
}

// Identify adds what the run's plan does, so that it can be told from others: d of the
// plan that was carried out, and entire of the plan that it is a shard of, which is the same
// if it is none.
func (s *Summary) Identify(d, entire loadgen.PlanDigest) {
	s.Digest = d.Plan
	for i := range min(len(s.Attacks), len(d.Attacks)) {
		s.Attacks[i].Digest = &d.Attacks[i]
	}
	if s.Addends == nil {
		return
	}
	o := &s.Addends.Plan
	o.Digest = entire.Plan
	for i := range min(len(o.Attacks), len(entire.Attacks)) {
		o.Attacks[i].Digest = entire.Attacks[i]
	}
}

// Figures of one attack, or of all.
//
// The times are of all requests that were sent, failed ones included: to leave
// out those that timed out would flatter the target. Only those that the stop of the
// run cut off are left out: how long we let them go on is not a time of the target's.
type Figures struct {
	Requests Requests `json:"requests"`
	// RateWanted is planned requests / planned time, per second, without pauses; 0 if
	// any stage is a closed loop.
	RateWanted float64 `json:"rate_wanted"`
	// RateAchieved is requests / time, per second; 0, and absent in JSON, if there is none.
	//
	//   - Of an open stage: the requests that were sent, over the time of the schedule
	//     from the stage's beginning until the next request is due or the stage ends.
	//     It goes on for as long as requests of the stage are late. A stage that was
	//     completed on time has the wanted rate, one that was late a lower one.
	//   - Of a closed loop: the requests that finished, over the time from when its turn
	//     came to when the last of them ended by itself, or, if the loop waited longer for
	//     the next than for any before, until that wait was over. One that nothing
	//     finished in has no rate.
	//   - Of several stages or attacks: the sum of requests, over the time in which any
	//     was under way. Of several attacks that time ends now, and the last request
	//     of each counts as far as its time has passed.
	//
	// Pauses do not count. docs/adr/0017 has the reasons.
	RateAchieved float64   `json:"rate_achieved,omitempty"`
	ServiceTime  Quantiles `json:"service_time"`
	ResponseTime Quantiles `json:"response_time"`
	Lag          Quantiles `json:"schedule_lag"` // of open-loop requests that were sent
	Distribution []Bin     `json:"response_time_distribution,omitempty"`
	// Status of finished requests: by the digits of an HTTP status, by the name of a
	// gRPC code, which are never the same. What neither protocol defines is other.
	Status map[string]uint64           `json:"status"`
	Errors map[loadgen.ErrorKind]Error `json:"errors,omitempty"`
	// Excerpts are what one answer of each bad status says, at most loadgen.MaxExcerpt
	// bytes: of HTTP the beginning of its body, of gRPC its status message.
	Excerpts    map[string]string `json:"excerpts,omitempty"`
	Connections Connections       `json:"connections"`
	Bytes       Traffic           `json:"bytes"`
	Phases      Phases            `json:"phases"`
	Stream      *Stream           `json:"stream,omitempty"` // if there were calls that stream
}

// Cut is the requests that the stop of the run cut off: they failed, through no fault
// of the target's.
func (f *Figures) Cut() uint64 { return f.Errors[loadgen.ErrorCancelled].Count }

// Bad is the requests that were sent and got no good answer for a reason that is not
// ours: those that failed, and were not cut off, and those that finished and are not OK.
func (f *Figures) Bad() uint64 { return f.Requests.Sent() - f.Requests.OK - f.Cut() }

// Stream is figures of gRPC calls that stream.
type Stream struct {
	Calls    uint64    `json:"calls"`
	Sent     uint64    `json:"messages_sent"`
	Received uint64    `json:"messages_received"`
	First    Quantiles `json:"first_message"` // from sent to the first message received, of calls that got one
	Gap      Quantiles `json:"message_gap"`   // between messages received, of the first loadgen.MaxGaps of a call
}

// Bin is a part of a distribution: Count values above From, up to To. Bins
// follow each other without a gap and are equally wide on a logarithmic scale.
type Bin struct {
	From  Seconds `json:"from"`
	To    Seconds `json:"to"`
	Count uint64  `json:"count"`
}

// Requests adds up: Planned = Finished + Failed + the sum of NotSent.
type Requests struct {
	Planned  uint64                           `json:"planned"`
	Finished uint64                           `json:"finished"`
	Failed   uint64                           `json:"failed"`
	NotSent  map[loadgen.NotSentReason]uint64 `json:"not_sent,omitempty"`
	// OK is the finished ones with a status below 400 or, of gRPC, the code OK.
	OK uint64 `json:"ok"`
}

// Sent is the requests that were sent.
func (r Requests) Sent() uint64 { return r.Finished + r.Failed }

// Unsent is the sum of NotSent.
func (r Requests) Unsent() (n uint64) {
	for _, v := range r.NotSent {
		n += v
	}
	return n
}

// Quantiles of a duration. Quantile q is that of the nearest rank: the value
// that at least the part q of all values do not exceed. It is within 0.6 % of the
// true one, Min, Max, Mean and Count are exact.
type Quantiles struct {
	Count uint64  `json:"count"`
	Min   Seconds `json:"min"`
	Mean  Seconds `json:"mean"`
	P50   Seconds `json:"p50"`
	P90   Seconds `json:"p90"`
	P95   Seconds `json:"p95"`
	P99   Seconds `json:"p99"`
	P999  Seconds `json:"p99.9"`
	Max   Seconds `json:"max"`
}

// Error is one kind of failure: how many, and the words of the first.
type Error struct {
	Count   uint64 `json:"count"`
	Example string `json:"example"`
}

// Connections used by requests that were sent.
type Connections struct {
	Opened uint64 `json:"opened"` // connections dialled successfully
	Reused uint64 `json:"reused"` // requests on a connection used before
	// Resent counts how often gRPC sent a call again by itself, since the target had not
	// processed it: the target may have counted it once more.
	Resent uint64 `json:"resent,omitempty"`
}

// Traffic is bytes of bodies.
type Traffic struct {
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
}

// Phases of the service time; each counts only the requests in which it occurred.
type Phases struct {
	Conn    Quantiles `json:"connection_wait"`
	DNS     Quantiles `json:"dns"`
	Connect Quantiles `json:"connect"`
	TLS     Quantiles `json:"tls"`
	Write   Quantiles `json:"write"`
	Wait    Quantiles `json:"first_byte_wait"`
	Read    Quantiles `json:"read"`
}

// Request is one request worth a look.
type Request struct {
	TraceID      string            `json:"trace_id"`
	SpanID       string            `json:"span_id"`
	Unsampled    bool              `json:"unsampled,omitempty"` // it has no span, by the plan's sampling
	Attack       string            `json:"attack"`
	Seq          uint64            `json:"seq"`
	Method       string            `json:"method"`
	URL          string            `json:"url"`
	Status       int               `json:"status,omitempty"` // of HTTP
	Code         string            `json:"code,omitempty"`   // of gRPC, by name
	Error        loadgen.ErrorKind `json:"error,omitempty"`
	Sent         time.Time         `json:"sent"`
	ServiceTime  Seconds           `json:"service_time"`
	ResponseTime Seconds           `json:"response_time"`
	Phases       RequestPhases     `json:"phases"`
}

// RequestPhases are loadgen.Phases in seconds.
type RequestPhases struct {
	Conn    Seconds `json:"connection_wait"`
	DNS     Seconds `json:"dns"`
	Connect Seconds `json:"connect"`
	TLS     Seconds `json:"tls"`
	Write   Seconds `json:"write"`
	Wait    Seconds `json:"first_byte_wait"`
	Read    Seconds `json:"read"`
}

// Telemetry counts the telemetry of a run.
type Telemetry struct {
	SpansMade      uint64 `json:"spans_made"`      // one per sent request, and the run's own
	SpansDelivered uint64 `json:"spans_delivered"` // taken by the pipeline
	SpansDropped   uint64 `json:"spans_dropped"`
	SpansWaiting   uint64 `json:"spans_waiting,omitempty"` // made, and neither of the two yet; 0 at the end
	// SpansSampledOut is requests that were sent and have no span, by the plan's
	// sampling: none is made of them.
	SpansSampledOut uint64 `json:"spans_sampled_out,omitempty"`
	LogsDropped     uint64 `json:"logs_dropped"`
	MetricsDropped  uint64 `json:"metric_points_dropped"`
	Refused         uint64 `json:"refused"` // deliveries that the pipeline refused, retried later
	// SpansPerRequest is spans of requests delivered or waiting / requests sent: 1
	// less the part that was sampled out, or there is a fault. 0 where there is no
	// pipeline for spans.
	SpansPerRequest float64 `json:"spans_per_request"`
	// SpansOfRequests is the spans of requests delivered or waiting.
	SpansOfRequests uint64 `json:"spans_of_requests,omitempty"`
	// Join counts what was joined to the requests; nil if nothing was to be.
	Join *Join `json:"join,omitempty"`
}

// Join counts requests by how much of the target's side was joined to them.
type Join struct {
	Complete uint64 `json:"complete"` // the server span, and the runtime and log lines as far as the target sends them
	Partial  uint64 `json:"partial"`
	None     uint64 `json:"none"`
	// Missing counts what the others lack, by the values of the attribute join.missing;
	// a request may lack several.
	Missing map[string]uint64 `json:"missing,omitempty"`
	// Advice is what to do if the target's telemetry did not arrive, a sentence each.
	Advice []string `json:"advice,omitempty"`
	// Observed lists the signals received from the target: traces, metrics, logs.
	Observed []string `json:"observed,omitempty"`
	// Errors are sentences: why log lines could not be fetched, if so.
	Errors []string `json:"errors,omitempty"`
	// Absent counts what is not expected of requests, since the target has never sent it:
	// runtime_never_sent, logs_never_sent, or not_go, a process without a Go runtime.
	Absent map[string]uint64 `json:"absent,omitempty"`
}

// Snapshot is what a progress display shows of a run under way.
type Snapshot struct {
	Plan    string
	Elapsed time.Duration
	// Total is the planned time of the run, 0 where it is not known beforehand.
	Total     time.Duration
	Planned   uint64 // 0 where it is not known beforehand
	Sent      uint64 // finished and failed
	InFlight  uint64
	Failed    uint64 // but for those that the stop of the run cut off
	BadStatus uint64 // finished with a status of 400 or more or, of gRPC, another code than OK
	// Over the last interval:
	RateWanted   float64       // 0 in a closed loop
	RateAchieved float64       // requests of open stages sent, and of closed loops finished, per second
	P50, P99     time.Duration // of the response time; 0 if no request ended
	Stage        string        // "attack: stage" of the attacks under way
	// Breached is how many thresholds are beyond their limit now.
	Breached int
	// Delivering: the last request has ended, and telemetry is still to be delivered.
	Delivering bool
	// Joining: all that is left to do is to hear what the target tells of the last requests.
	Joining bool
}

package summary

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// AddendsVersion is the version of the form of Addends. A reader refuses others.
const AddendsVersion = 1

// Addends are what the figures of a shard are computed from: Merge adds up those of all
// shards, and computes the figures of the run from the sums. Percentiles do not add up,
// but counts, and the buckets of histograms, do. docs/merge.md describes the form.
//
// Moments are in nanoseconds since the summary's Began.
type Addends struct {
	Version int `json:"version"` // of this form: 1
	// Plan is what the verdict on the run needs of the plan.
	Plan    Outline         `json:"plan"`
	Attacks []AttackAddends `json:"attacks"` // of the plan's attacks, in their order
	// Checks are what thresholds on stages and windows are judged by, in the order of the
	// verdict's thresholds.
	Checks []CheckAddends `json:"checks"`
}

// Histogram counts durations in buckets that are equally wide on a logarithmic scale, as
// OpenTelemetry's exponential histograms do: the bucket of index i holds those above
// 2^(i/2^scale) nanoseconds, up to 2^((i+1)/2^scale).
type Histogram struct {
	Count uint64 `json:"count"`
	Zeros uint64 `json:"zeros,omitempty"` // of Count, those of no time at all
	Sum   string `json:"sum_ns"`          // decimal digits: a sum may be longer than JSON's readers take
	Min   int64  `json:"min_ns"`
	Max   int64  `json:"max_ns"`
	Scale int32  `json:"scale"`
	First int32  `json:"first"` // the index of the first bucket
	// Buckets are the counts from the first on, with spaces between them; -3 stands for
	// three buckets without any.
	Buckets string `json:"buckets"`
}

// AttackAddends are those of one attack; a histogram without values is absent.
type AttackAddends struct {
	Service  *Histogram `json:"service_time,omitempty"`
	Response *Histogram `json:"response_time,omitempty"`
	Lag      *Histogram `json:"schedule_lag,omitempty"`
	Conn     *Histogram `json:"connection_wait,omitempty"`
	DNS      *Histogram `json:"dns,omitempty"`
	Connect  *Histogram `json:"connect,omitempty"`
	TLS      *Histogram `json:"tls,omitempty"`
	Write    *Histogram `json:"write,omitempty"`
	Wait     *Histogram `json:"first_byte_wait,omitempty"`
	Read     *Histogram `json:"read,omitempty"`
	First    *Histogram `json:"first_message,omitempty"`
	Gap      *Histogram `json:"message_gap,omitempty"`
	// Length is the planned time of the attack without pauses; 0 if it is not known.
	Length time.Duration   `json:"length_ns"`
	At     time.Duration   `json:"at_ns"` // the moment that Stages are of
	Stages []StageAddends  `json:"stages"`
	Pauses []PauseInterval `json:"pauses,omitempty"`
}

// phases are the histograms of phases, in the order of phasesOf.
func (a *AttackAddends) phases() [7]**Histogram {
	return [...]**Histogram{&a.Conn, &a.DNS, &a.Connect, &a.TLS, &a.Write, &a.Wait, &a.Read}
}

// PauseInterval is a stretch of time in which an attack stood still.
type PauseInterval struct {
	Begin time.Duration `json:"begin_ns"`
	End   time.Duration `json:"end_ns"`
}

// StageAddends are what the rates of a stage are computed from (docs/adr/0017). What
// follows Unsent is absent before the stage has begun.
type StageAddends struct {
	Open   bool   `json:"open"` // it is no closed loop
	Left   uint64 `json:"left,omitempty"`
	Unsent uint64 `json:"unsent,omitempty"` // given out and not sent

	Begun   bool          `json:"begun,omitempty"`
	Given   uint64        `json:"given,omitempty"`
	Due     uint64        `json:"due,omitempty"`
	Begin   time.Duration `json:"begin_ns,omitempty"`
	End     time.Duration `json:"end_ns,omitempty"`
	Planned time.Duration `json:"planned_end_ns,omitempty"`
	Until   time.Duration `json:"until_ns,omitempty"`
	Ahead   float64       `json:"ahead,omitempty"`
	Lead    float64       `json:"lead,omitempty"`

	// Of a closed loop:
	Finished uint64        `json:"finished,omitempty"`
	Ended    uint64        `json:"ended,omitempty"`
	Last     time.Duration `json:"last_ns,omitempty"`
	Longest  time.Duration `json:"longest_ns,omitempty"`
}

// CheckAddends are those of one threshold. One over the whole run, and one on a rate that
// has no window, is judged by the attacks' addends, and has none.
type CheckAddends struct {
	Samples *Samples `json:"samples,omitempty"` // of stages
	Slices  []Slice  `json:"slices,omitempty"`  // of a window, one after another
	// Cut is set where Slices are not all: they would have taken too much memory.
	Cut bool `json:"slices_cut,omitempty"`
}

// Samples are what a threshold's figure is computed from: times, or how many of all
// requests match: errors, or those of a status.
type Samples struct {
	Times    *Histogram `json:"times,omitempty"`
	N        uint64     `json:"requests,omitempty"`
	Matching uint64     `json:"matching,omitempty"`
}

// Slice is a tenth of a window: what ended in it.
type Slice struct {
	From time.Duration `json:"from_ns"`
	To   time.Duration `json:"to_ns"`
	Samples
	Rate *RateSlice `json:"rate,omitempty"` // of a threshold on a rate
}

// RateSlice is what a rate over a window is computed from.
type RateSlice struct {
	N     uint64        `json:"requests"`
	Count float64       `json:"count"` // requests, as far as their time has passed
	Due   float64       `json:"due"`
	Taken time.Duration `json:"taken_ns"`
}

// Outline is the plan of the whole run, as far as the verdict on it needs it.
type Outline struct {
	Digest     string             `json:"digest"` // as the summary's, of the whole plan
	Order      loadgen.Order      `json:"order"`
	Attacks    []AttackOutline    `json:"attacks"`
	Thresholds []ThresholdOutline `json:"thresholds"`
	Trust      TrustOutline       `json:"trust"`
}

// AttackOutline is an attack of the plan.
type AttackOutline struct {
	Name   string         `json:"name"`
	Digest loadgen.Digest `json:"digest"` // as the attack's, of the whole plan
	Stages []StageOutline `json:"stages"`
	// WaitedFor is what requests wait for that have no connection; Limited is whether there
	// is a limit to these. Timeout is that of a request.
	WaitedFor string  `json:"waited_for"`
	Limited   bool    `json:"limited,omitempty"`
	Timeout   Seconds `json:"timeout"`
}

// StageOutline is a stage of an attack.
type StageOutline struct {
	Name   string `json:"name,omitempty"`
	Closed bool   `json:"closed,omitempty"` // it is a closed loop
}

// ThresholdOutline is a threshold of the plan, with a limit that is not divided.
type ThresholdOutline struct {
	Metric     loadgen.Metric `json:"metric"`
	Percentile float64        `json:"percentile,omitempty"`
	Stat       loadgen.Stat   `json:"stat,omitempty"`
	Status     string         `json:"status,omitempty"`
	AtMost     loadgen.Limit  `json:"at_most,omitempty"`
	AtLeast    loadgen.Limit  `json:"at_least,omitempty"`
	Attack     string         `json:"attack,omitempty"`
	Stage      string         `json:"stage,omitempty"`
	Window     Seconds        `json:"window,omitempty"`
	Abort      *Seconds       `json:"abort_after,omitempty"` // null: it does not end the run
}

// TrustOutline is the plan's trust.
type TrustOutline struct {
	ScheduleLag      Seconds       `json:"schedule_lag"`
	ConnectionWait   Seconds       `json:"connection_wait"`
	CPUThrottled     loadgen.Limit `json:"cpu_throttled"`
	CPUSteal         loadgen.Limit `json:"cpu_steal"`
	SchedulerLatency Seconds       `json:"scheduler_latency"`
}

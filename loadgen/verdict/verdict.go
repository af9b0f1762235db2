package verdict

import (
	"fmt"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/vitals"
)

// Verdict on a run.
type Verdict string

const (
	None      Verdict = ""          // nothing was judged: the figures are of another tool's results
	Pass      Verdict = "pass"      // every threshold was kept to
	Fail      Verdict = "fail"      // a threshold was breached
	Undecided Verdict = "undecided" // the measurement cannot be trusted, or lacks data
	Sound     Verdict = "sound"     // there are no thresholds, and the measurement can be trusted
)

// Report is the verdict with what it rests on.
type Report struct {
	Verdict Verdict `json:"verdict"`
	// Shard is INDEX/COUNT if the verdict covers one shard only.
	Shard string `json:"shard,omitempty"`
	// Reasons are sentences: why the measurement is not trusted, and which thresholds
	// had no samples. With them a verdict is undecided, unless it can be trusted and a
	// threshold with samples was breached.
	Reasons []string `json:"reasons,omitempty"`
	// Advice is what to do where the measurement is not trusted, a sentence each.
	Advice     []string `json:"advice,omitempty"`
	Trusted    bool     `json:"trusted"`
	Thresholds []Result `json:"thresholds"`
	// Machine is how the generator's machine treated it; Unknown is what it does not tell.
	Machine vitals.Strain `json:"machine"`
	Unknown []string      `json:"unknown,omitempty"`
}

// Decide gives the verdict.
//
// It is the logic of three values: a breach decides whatever the thresholds
// without samples would have said, but nothing decides where the measurement
// itself is in doubt. No data never passes.
func Decide(t loadgen.Trust, e *Evidence, results []Result) Report {
	doubts := examine(t, e)
	r := Report{
		Reasons: doubts.list, Advice: doubts.advice, Thresholds: results,
		Machine: e.Strain, Unknown: e.Strain.Unknown(),
	}
	if r.Thresholds == nil {
		r.Thresholds = []Result{}
	}
	r.Trusted = len(r.Reasons) == 0
	missing := 0
	for i := range results {
		if results[i].Outcome == NoSamples {
			missing++
			r.Reasons = append(r.Reasons, WithoutSamples(&results[i]))
		}
	}
	switch {
	case !r.Trusted:
		r.Verdict = Undecided
	case r.Breached() > 0:
		r.Verdict = Fail
	case missing > 0:
		r.Verdict = Undecided
	case len(results) == 0:
		r.Verdict = Sound
	default:
		r.Verdict = Pass
	}
	return r
}

// WithoutSamples is the reason that a threshold has no samples.
func WithoutSamples(r *Result) string {
	return fmt.Sprintf("the threshold %s had no samples", r.Threshold)
}

// Doubt adds a reason, found after the verdict, not to trust the measurement: that
// telemetry was lost.
func (r *Report) Doubt(reason string) {
	r.Reasons = append(r.Reasons, reason)
	if !slices.Contains(r.Advice, adviceOnLoss) {
		r.Advice = append(r.Advice, adviceOnLoss)
	}
	r.Trusted = false
	r.Verdict = Undecided
}

// Breached is how many thresholds were breached.
func (r *Report) Breached() (n int) {
	for i := range r.Thresholds {
		if r.Thresholds[i].Outcome == Breached {
			n++
		}
	}
	return n
}

// Aborted reports whether a threshold ended the run.
func (r *Report) Aborted() bool {
	return slices.ContainsFunc(r.Thresholds, func(t Result) bool { return t.Aborted })
}

// Words returns the verdict in a line.
func (r *Report) Words() string { return r.inShard(r.words()) }

// inShard prefixes words with the shard, if the verdict covers one.
func (r *Report) inShard(words string) string {
	if r.Shard == "" {
		return words
	}
	return "in shard " + r.Shard + ", " + words
}

func (r *Report) words() string {
	n, breached := len(r.Thresholds), r.Breached()
	switch {
	case r.Verdict == Sound:
		return "no thresholds; the measurement is sound"
	case r.Verdict == Pass && n == 1:
		return "the threshold was kept to"
	case r.Verdict == Pass:
		return fmt.Sprintf("all %d thresholds were kept to", n)
	case r.Verdict == Fail:
		return of(breached, n) + " breached"
	case r.Trusted:
		return "a threshold had no samples"
	case breached > 0:
		return "the measurement cannot be trusted; " + of(breached, n) + " breached all the same"
	}
	return "the measurement cannot be trusted"
}

func of(breached, all int) string {
	switch {
	case all == 1:
		return "the threshold was"
	case breached == 1:
		return fmt.Sprintf("1 of %d thresholds was", all)
	}
	return fmt.Sprintf("%d of %d thresholds were", breached, all)
}

package judge

import (
	"fmt"
	"math"
)

// MinRounds is how many rounds decide anything. Two have one degree of freedom: their
// interval at 95 % is 12.7 standard errors to each side.
const MinRounds = 3

// Pair is a figure of the two sides in one round, in any unit. Both must be positive.
type Pair struct{ A, B float64 }

// Counts are the requests of the two sides in one round, and how many of them failed.
type Counts struct{ RequestsA, FailedA, RequestsB, FailedB uint64 }

// Figure is a figure with its values in all rounds: a quantile, a throughput.
type Figure struct {
	Name         string
	Pairs        []Pair
	MoreIsBetter bool

	faultless uint64 // requests of a side, if no request of either failed
}

// Errors returns the error ratio as a figure. A round's ratio is taken as that of
// (failed + ½) to (requests + ½), which has a logarithm without failures too, and whose
// logarithm has almost no bias.
//
// Source: S. D. Walter, The distribution of Levin's measure of attributable risk,
// Biometrika 62 (1975).
func Errors(name string, rounds []Counts) Figure {
	f := Figure{Name: name}
	var failed, a, b uint64
	for _, r := range rounds {
		f.Pairs = append(f.Pairs, Pair{corrected(r.FailedA, r.RequestsA), corrected(r.FailedB, r.RequestsB)})
		failed += r.FailedA + r.FailedB
		a, b = a+r.RequestsA, b+r.RequestsB
	}
	if failed == 0 {
		f.faultless = min(a, b)
	}
	return f
}

// corrected is 0, which is no figure, without requests.
func corrected(failed, requests uint64) float64 {
	if requests == 0 {
		return 0
	}
	return (float64(failed) + 0.5) / (float64(requests) + 0.5)
}

// ruleOfThree is the number of failures above which one would have been seen with 95 %
// probability.
//
// Source: J. A. Hanley and A. Lippman-Hand, If nothing goes wrong, is everything all right?,
// Journal of the American Medical Association 249 (1983).
const ruleOfThree = 3

// Options of a comparison.
type Options struct {
	// Confidence is that the intervals of all figures hold their true ratios at once;
	// 0.95 if 0.
	Confidence float64
	// Tolerance is the change that does not matter, as a share: 0.05 takes ratios from
	// 1/1.05 to 1.05 as the same. With 0 no figure is ever the same.
	Tolerance float64
	// Anytime keeps the confidence although the rounds end as soon as they decide.
	Anytime bool
}

func (o Options) confidence() float64 {
	if o.Confidence == 0 {
		return 0.95
	}
	return o.Confidence
}

// check returns an error that names the option that is wrong.
func (o Options) check() error {
	switch {
	case o.Confidence != 0 && !(o.Confidence > 0.5 && o.Confidence < 1):
		return fmt.Errorf("confidence is %v: it must be above 0.5 and below 1", o.Confidence)
	case !(o.Tolerance >= 0 && o.Tolerance <= 10):
		return fmt.Errorf("tolerance is %v: it must be from 0 to 10, where 0.05 is 5 %%", o.Tolerance)
	}
	return nil
}

// Change is how many times A's figure B's is.
type Change struct {
	Figure string  `json:"figure"`
	Ratio  float64 `json:"ratio"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Rounds int     `json:"rounds"`
	// Spread is the standard deviation of the logarithms of the rounds' ratios.
	Spread  float64 `json:"spread"`
	Verdict Verdict `json:"verdict"`
	// Why is the reason of an undecided verdict, or a remark, without a full stop.
	Why string `json:"why,omitempty"`
}

// Comparison is the changes of all figures, whose intervals hold at once.
type Comparison struct {
	Changes    []Change `json:"changes"`
	Verdict    Verdict  `json:"verdict"`
	Confidence float64  `json:"confidence"`
	Tolerance  float64  `json:"tolerance"`
	Anytime    bool     `json:"anytime"`
}

// Compare judges the figures of two versions, A and B, that were measured in rounds.
//
// A round is one run of each side, in random order, one right after the other; so what
// the machine did meanwhile is in both, and leaves their ratio. The statistic is the
// logarithm of that ratio, the interval Student's over the rounds' logarithms. With few
// rounds no other interval is usable: a test by sign flips, which supposes only symmetry,
// reaches 5 % from 6 rounds on and 0.8 %, which six figures need, from 8 on. Its price is
// that the logarithms must be distributed about normally; docs/statistics.md shows what
// departures cost.
//
// Each of n figures has an interval with the confidence 1 − (1 − confidence)/n, so that
// all hold at once, however they depend on each other. Holm's procedure would decide more
// often, but bounds errors of direction for independent figures only, and the quantiles
// of one run are not.
//
// Sources: Student (W. S. Gosset), The probable error of a mean, Biometrika 6 (1908);
// O. J. Dunn, Multiple comparisons among means, Journal of the American Statistical
// Association 56 (1961); J. P. Shaffer, Control of directional errors with stagewise
// multiple test procedures, Annals of Statistics 8 (1980).
func Compare(figures []Figure, o Options) (Comparison, error) {
	if err := o.check(); err != nil {
		return Comparison{}, err
	}
	c := Comparison{Verdict: Undecided, Confidence: o.confidence(), Tolerance: o.Tolerance, Anytime: o.Anytime}
	alpha := (1 - c.Confidence) / float64(max(len(figures), 1))
	var verdicts []Verdict
	for _, f := range figures {
		change := f.change(alpha, o)
		c.Changes = append(c.Changes, change)
		verdicts = append(verdicts, change.Verdict)
	}
	c.Verdict = Overall(verdicts...)
	return c, nil
}

func (f *Figure) change(alpha float64, o Options) Change {
	c := Change{Figure: f.Name, Ratio: 1, Low: math.Exp(-widest), High: math.Exp(widest), Rounds: len(f.Pairs), Verdict: Undecided}
	logs, why := f.logs()
	switch {
	case why != "":
		c.Why = why
		return c
	case len(logs) < MinRounds:
		c.Why = fmt.Sprintf("%d of at least %d rounds", len(logs), MinRounds)
		return c
	case f.faultless > 0:
		c.Low, c.High, c.Verdict = 1, 1, Same
		c.Why = fmt.Sprintf("no request failed on either side: each error ratio is below %s", percent(ruleOfThree/float64(f.faultless)))
		return c
	}
	mean, squares := moments(logs)
	n := float64(len(logs))
	c.Spread = math.Sqrt(squares / (n - 1))
	if c.Spread == 0 {
		c.Ratio, c.Why = math.Exp(mean), "all rounds have the very same ratio, as figures that were measured never have"
		return c
	}
	i := around(mean, halfWidth(squares, len(logs), alpha, o.Anytime))
	c.Ratio, c.Low, c.High = math.Exp(i.mean), math.Exp(i.low), math.Exp(i.high)
	if f.MoreIsBetter {
		i = i.flip()
	}
	c.Verdict, c.Why = i.judge(math.Log1p(o.Tolerance))
	return c
}

// halfWidth returns that of the interval of a mean of n values with a sum of squared
// deviations.
func halfWidth(squares float64, n int, alpha float64, anytime bool) float64 {
	if anytime {
		return sequenceHalfWidth(squares, n, alpha)
	}
	count := float64(n)
	return tQuantile(count-1, alpha/2) * math.Sqrt(squares/(count-1)/count)
}

// logs returns the logarithms of the rounds' ratios, or why there are none.
func (f *Figure) logs() (logs []float64, why string) {
	for i, p := range f.Pairs {
		if !positive(p.A) || !positive(p.B) {
			return nil, fmt.Sprintf("round %d has no %s on one side", i+1, f.Name)
		}
		logs = append(logs, math.Log(p.B/p.A))
	}
	return logs, ""
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 1) }

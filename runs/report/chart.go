package report

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// charts is what the page's script draws, as JSON.
type charts struct {
	Runs   []chartRun `json:"runs"`
	Phases []string   `json:"phases"`
	Levels []Level    `json:"levels"`
}

type chartRun struct {
	Name     string         `json:"name"`
	Elapsed  float64        `json:"elapsed"`
	Limits   []chartLimit   `json:"limits"`
	Series   []chartSeries  `json:"series"`
	Runtime  []chartRuntime `json:"runtime"`
	Requests []chartRequest `json:"requests"`
}

// chartLimit is a threshold on the response time.
type chartLimit struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// limits are the thresholds on the response time of all attacks, of which at most a few
// are drawn.
func limits(of []verdict.Result) []chartLimit {
	out := []chartLimit{}
	for i := range of {
		if t := &of[i]; t.Metric == loadgen.MetricResponseTime && t.Where == "" && len(out) < 3 {
			out = append(out, chartLimit{shown(t.Figure + " " + t.Allowed()), t.Limit})
		}
	}
	return out
}

// numbers are figures of which some are missing (NaN), as null.
type numbers []float64

// MarshalJSON writes six significant digits, which is more than the eye sees.
func (n numbers) MarshalJSON() ([]byte, error) {
	out := append(make([]byte, 0, 8*len(n)+2), '[')
	for i, v := range n {
		if i > 0 {
			out = append(out, ',')
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			out = append(out, "null"...)
			continue
		}
		out = strconv.AppendFloat(out, v, 'g', 6, 64)
	}
	return append(out, ']'), nil
}

// chartSeries are the intervals of a Series, by column.
type chartSeries struct {
	Name     string    `json:"name"`
	Width    float64   `json:"width"`
	T        numbers   `json:"t"` // since the run began
	P50      numbers   `json:"p50"`
	P90      numbers   `json:"p90"`
	P99      numbers   `json:"p99"`
	Max      numbers   `json:"max"`
	S50      numbers   `json:"s50"` // of the service time
	S99      numbers   `json:"s99"`
	Due      []uint64  `json:"due"`
	Sent     []uint64  `json:"sent"`
	OK       []uint64  `json:"ok"`
	Bad      []uint64  `json:"bad"`
	Failed   []uint64  `json:"failed"`
	NotSent  []uint64  `json:"notsent"`
	Phases   []numbers `json:"phases"`
	Slowest  []int     `json:"slow"`
	Wrong    []int     `json:"wrong"`
	Heat     heat      `json:"heat"`
	Spectrum spectrum  `json:"spectrum"`
}

// heat is a histogram for each interval: triples of interval, bin and count.
type heat struct {
	Low   int      `json:"low"` // the lowest bin; bin b holds 2^(b/4) to 2^((b+1)/4) ns
	High  int      `json:"high"`
	Cells []uint64 `json:"cells"`
}

// binsPerOctave of a heatmap: each bin is a factor of 1.19 wide.
const binsPerOctave = 4

// spectrum is percentiles, in percent.
type spectrum struct {
	Percentiles numbers `json:"p"`
	Response    numbers `json:"response"`
	Service     numbers `json:"service"`
}

func newCharts(runs []*Data) charts {
	c := charts{Phases: slices.Clone(phaseNames[:]), Levels: AllLevels()}
	for _, d := range runs {
		c.Runs = append(c.Runs, d.chart())
	}
	return c
}

func (d *Data) chart() chartRun {
	c := chartRun{Name: "run " + plaintext.Line(d.Summary.RunID), Elapsed: float64(d.Summary.Elapsed), Limits: limits(d.Summary.Verdict.Thresholds), Series: []chartSeries{}, Runtime: []chartRuntime{}, Requests: []chartRequest{}}
	for i := range d.Series {
		c.Series = append(c.Series, d.Series[i].chart(d.Summary.Began))
	}
	for i := range d.Runtime {
		c.Runtime = append(c.Runtime, d.Runtime[i].chart(d.Summary.Began))
	}
	for _, r := range d.Requests {
		c.Requests = append(c.Requests, r.chart(d))
	}
	return c
}

func (s *Series) chart(began time.Time) chartSeries {
	c := chartSeries{Name: plaintext.Line(s.Name), Width: s.Width.Seconds(), Phases: make([]numbers, phaseCount), Spectrum: s.spectrum(), Heat: s.heat()}
	for i := range s.Intervals {
		at := &s.Intervals[i]
		c.T = append(c.T, at.Begin.Sub(began).Seconds())
		c.P50, c.P90, c.P99, c.Max = push(c.P50, at.Response, 0), push(c.P90, at.Response, 1), push(c.P99, at.Response, 2), push(c.Max, at.Response, 3)
		c.S50, c.S99 = push(c.S50, at.Service, 0), push(c.S99, at.Service, 2)
		c.Due, c.Sent = append(c.Due, at.Due), append(c.Sent, at.Sent)
		c.OK, c.Bad, c.Failed, c.NotSent = append(c.OK, at.OK), append(c.Bad, at.Bad), append(c.Failed, at.Failed), append(c.NotSent, at.NotSent)
		c.Slowest, c.Wrong = append(c.Slowest, at.Slowest), append(c.Wrong, at.Wrong)
		for p := range c.Phases {
			c.Phases[p] = append(c.Phases[p], at.Phases[p].Seconds())
		}
	}
	return c
}

// charted are the quantiles of an interval that are drawn.
var charted = []float64{0.5, 0.9, 0.99, 1}

func push(to numbers, t *summary.Times, which int) numbers {
	if t == nil || t.Count() == 0 {
		return append(to, math.NaN())
	}
	return append(to, float64(t.At(charted[which])[0]))
}

func (s *Series) heat() heat {
	h := heat{Low: math.MaxInt, High: math.MinInt, Cells: []uint64{}}
	for i := range s.Intervals {
		if t := s.Intervals[i].Response; t != nil {
			t.Bins(binsPerOctave, func(bin int, n uint64) {
				h.Low, h.High = min(h.Low, bin), max(h.High, bin)
			})
		}
	}
	if h.Low > h.High {
		return heat{Cells: h.Cells}
	}
	for i := range s.Intervals {
		if t := s.Intervals[i].Response; t != nil {
			t.Bins(binsPerOctave, func(bin int, n uint64) { h.Cells = append(h.Cells, uint64(i), uint64(bin-h.Low), n) })
		}
	}
	return h
}

// percentiles of a spectrum: eight for each halving of what is above them, and those that
// the summary has, to p99.99 and the longest.
var percentiles = sync.OnceValue(func() (all []float64) {
	for i := 0.0; ; i++ {
		q := 1 - math.Exp2(-i/8)
		if q >= 0.9999 {
			break
		}
		all = append(all, q)
	}
	all = append(all, 0.9, 0.95, 0.99, 0.999, 0.9999)
	slices.Sort(all)
	return slices.Compact(all)
})

func (s *Series) spectrum() spectrum {
	if s.Response == nil {
		return spectrum{Percentiles: numbers{}, Response: numbers{}, Service: numbers{}}
	}
	out := spectrum{}
	for _, q := range percentiles() {
		out.Percentiles = append(out.Percentiles, 100*q)
	}
	out.Response, out.Service = inNumbers(s.Response.At(percentiles()...)), inNumbers(s.Service.At(percentiles()...))
	return out
}

func inNumbers(of []summary.Seconds) numbers {
	out := make(numbers, len(of))
	for i, v := range of {
		out[i] = float64(v)
	}
	return out
}

type chartRuntime struct {
	Instance string    `json:"instance"`
	T        numbers   `json:"t"`
	Levels   []numbers `json:"levels"`
}

func (r *Runtime) chart(began time.Time) chartRuntime {
	c := chartRuntime{Instance: plaintext.Line(r.Instance), Levels: make([]numbers, levelCount)}
	for i := range r.Samples {
		s := &r.Samples[i]
		c.T = append(c.T, s.At.Sub(began).Seconds())
		for l, v := range s.Values {
			if v < 0 {
				v = math.NaN()
			}
			c.Levels[l] = append(c.Levels[l], v)
		}
	}
	return c
}

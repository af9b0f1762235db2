package summary

import (
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// Imported says of figures that they were made of the results of another tool, and what
// those do not tell. What is not known is zero in the figures, with a Count of 0.
type Imported struct {
	Tool   string `json:"tool"`   // vegeta or ghz
	Format string `json:"format"` // gob, json or csv
	File   string `json:"file"`   // without its folder
	// Unknown is what the file does not say, a phrase each.
	Unknown []string `json:"unknown"`
}

// Words say where the figures are from, in a sentence without a full stop.
func (i *Imported) Words() string {
	return "imported from " + i.Tool + "'s results in " + i.File + ", which do not tell " + strings.Join(i.Unknown, "; ")
}

// Foreign makes the figures those of another tool's results: it takes out what they do not
// tell, and gives no verdict. rate is requests per second.
func (s *Summary) Foreign(i *Imported, rates []float64, rate float64) {
	s.Imported, s.Verdict = i, verdict.Report{Thresholds: []verdict.Result{}}
	for n := range s.Attacks {
		s.Attacks[n].Figures.foreign()
		if n < len(rates) {
			s.Attacks[n].RateAchieved = rates[n]
		}
	}
	s.Total.foreign()
	s.Total.RateAchieved = rate
	for _, list := range [][]Request{s.Slowest, s.Failures} {
		for n := range list {
			list[n].TraceID, list[n].SpanID, list[n].Unsampled = "", "", true
			list[n].ResponseTime, list[n].Phases = 0, RequestPhases{}
		}
	}
}

func (f *Figures) foreign() {
	f.ResponseTime, f.Lag, f.Distribution = Quantiles{}, Quantiles{}, nil
	f.Connections, f.Phases = Connections{}, Phases{}
}

package foreign

import "time"

// K6 is what k6 reports at the end of a test, in the form of its documentation ("Custom
// summary", "End of test").
type K6 struct {
	Duration time.Duration
	Metrics  map[string]K6Metric
}

// K6Metric is one of k6's.
type K6Metric struct {
	Type     string // trend, counter, rate or gauge
	Contains string // time (in milliseconds) or default
	// Values by k6's names. The part of a rate is named rate.
	Values map[string]float64
	// Thresholds are those that were kept to, by their words.
	Thresholds map[string]bool
}

// Trend are the statistics of a trend that k6 has by default, and p(99), in the order of
// its options.
var Trend = []string{"avg", "min", "med", "max", "p(90)", "p(95)", "p(99)"}

// group is the root of k6's groups, which has none here, nor any check.
type group struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// ID is the MD5 of the path, which is empty.
	ID     string `json:"id"`
	Groups any    `json:"groups"`
	Checks any    `json:"checks"`
}

const rootID = "d41d8cd98f00b204e9800998ecf8427e"

// HandleSummary is what k6 gives to a script's handleSummary, as a value for
// encoding/json.
func (s *K6) HandleSummary() any {
	type metric struct {
		Type       string                     `json:"type"`
		Contains   string                     `json:"contains"`
		Values     map[string]float64         `json:"values"`
		Thresholds map[string]map[string]bool `json:"thresholds,omitempty"`
	}
	metrics := map[string]metric{}
	for name, m := range s.Metrics {
		out := metric{Type: m.Type, Contains: m.Contains, Values: m.Values}
		for words, ok := range m.Thresholds {
			if out.Thresholds == nil {
				out.Thresholds = map[string]map[string]bool{}
			}
			out.Thresholds[words] = map[string]bool{"ok": ok}
		}
		metrics[name] = out
	}
	return map[string]any{
		"root_group": group{ID: rootID, Groups: []any{}, Checks: []any{}},
		"options":    map[string]any{"summaryTrendStats": Trend, "summaryTimeUnit": "", "noColor": true},
		"state": map[string]any{
			"isStdOutTTY": false, "isStdErrTTY": false,
			"testRunDurationMs": float64(s.Duration) / float64(time.Millisecond),
		},
		"metrics": metrics,
	}
}

// SummaryExport is what k6 writes with --summary-export. Its thresholds are true where they
// were breached.
func (s *K6) SummaryExport() any {
	metrics := map[string]map[string]any{}
	for name, m := range s.Metrics {
		out := map[string]any{}
		for key, v := range m.Values {
			if m.Type == "rate" && key == "rate" {
				key = "value"
			}
			out[key] = v
		}
		if len(m.Thresholds) > 0 {
			breached := map[string]bool{}
			for words, ok := range m.Thresholds {
				breached[words] = !ok
			}
			out["thresholds"] = breached
		}
		metrics[name] = out
	}
	return map[string]any{
		"root_group": group{ID: rootID, Groups: map[string]any{}, Checks: map[string]any{}},
		"metrics":    metrics,
	}
}

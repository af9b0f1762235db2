package exposition

import (
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// overlap finds the names under which a typed page would have series of several families,
// such as http_a_count of a gauge and of the histogram http_a. A reader of protobuf makes
// such series of a histogram itself, and refuses the second of two. Histograms and
// summaries then go first: a single series costs less.
func (b *binder) overlap() {
	owner := map[string]string{}
	for c, name := range b.ownClaims {
		owner[c] = name
	}
	b.shared = map[string]bool{}
	for _, p := range b.passed {
		for _, c := range claims(p.GetName(), p.GetType()) {
			if there, ok := owner[c]; ok && there != p.GetName() {
				b.shared[c] = true
			}
			owner[c] = p.GetName()
		}
	}
	if len(b.shared) == 0 {
		return
	}
	slices.SortStableFunc(b.passed, func(x, y passed) int {
		return len(claims(y.GetName(), y.GetType())) - len(claims(x.GetName(), x.GetType()))
	})
}

// parts are the identities of a histogram's or summary's series whose names other families
// have too.
func (b *binder) parts(f *dto.MetricFamily, m *dto.Metric) (all []string) {
	if len(b.shared) == 0 || m.Histogram == nil && m.Summary == nil {
		return nil
	}
	if !slices.ContainsFunc(claims(f.GetName(), f.GetType()), func(c string) bool { return b.shared[c] }) {
		return nil
	}
	one := &dto.MetricFamily{Name: f.Name, Type: f.Type, Metric: []*dto.Metric{m}}
	for _, part := range flat(one, false) {
		for _, p := range part.GetMetric() {
			if b.shared[part.GetName()] {
				all = append(all, series(part, p))
			}
		}
	}
	return all
}

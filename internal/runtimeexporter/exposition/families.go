package exposition

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// Families are all families of the answers for a page of that format, sorted by
// name. The families within the answers are not changed.
func Families(all []target.Answer, format expfmt.Format) ([]*dto.MetricFamily, error) {
	known, err := ownKinds()
	if err != nil {
		return nil, err
	}
	b := &binder{
		own: known, scheme: format.ToEscapingScheme(), created: format.FormatType() == expfmt.TypeOpenMetrics,
		seen: map[string]bool{}, at: map[key]*dto.MetricFamily{}, ownClaims: map[string]string{}, faults: make([]map[string][]string, len(all)),
	}
	for name, kind := range known {
		for _, c := range claims(name, kind) {
			b.ownClaims[c] = name
		}
	}
	for i, a := range all {
		b.take(i, a)
	}
	if b.typed = !b.created && format.FormatType() != expfmt.TypeTextPlain; !b.typed {
		b.flatten()
	} else {
		b.overlap()
	}
	for _, p := range b.passed {
		b.bind(p)
	}
	all = slices.Clone(all)
	for i := range all {
		all[i].Faults = slices.Concat(all[i].Faults, b.faultsOf(i))
	}
	own, err := translate(all)
	if err != nil {
		return nil, err
	}
	for _, f := range own {
		b.bindOwn(f)
	}
	for _, f := range b.families {
		describe(f)
	}
	slices.SortStableFunc(b.families, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return b.families, nil
}

// binder puts the families of all targets onto one page, so that what one target
// has takes nothing from another.
type binder struct {
	own       map[string]dto.MetricType // of the exporter, by name
	ownClaims map[string]string         // names that these have on the page, and whose they are
	scheme    model.EscapingScheme
	// typed pages may have families of one name and several types. In text they
	// may not, and become families of unknown type.
	typed    bool
	created  bool // times of creation are series
	passed   []passed
	at       map[key]*dto.MetricFamily
	families []*dto.MetricFamily
	seen     map[string]bool       // series
	shared   map[string]bool       // on a typed page: names that series of several families have
	faults   []map[string][]string // of each target: names by reason
}

// passed is a target's family.
type passed struct {
	of int
	*dto.MetricFamily
}

// key is what metrics of one family on the page have in common. A reader takes
// a family's histograms as native if its first is.
type key struct {
	name   string
	kind   dto.MetricType
	native bool
}

// take takes a target's families, with names and labels as the page has them.
func (b *binder) take(of int, a target.Answer) {
	written := namesOf(b.scheme, a.Families)
	for _, f := range a.Families {
		name := written.of(f.GetName())
		out := &dto.MetricFamily{Name: &name, Help: f.Help, Type: f.Type, Unit: f.Unit}
		for _, m := range f.GetMetric() {
			out.Metric = append(out.Metric, &dto.Metric{Label: labelled(m.GetLabel(), a.Target, b.scheme),
				Gauge: m.Gauge, Counter: m.Counter, Summary: m.Summary, Untyped: m.Untyped, Histogram: m.Histogram}) // as of the scrape: without their own time
		}
		kind := f.GetType()
		if own, ok := b.own[name]; ok {
			if strings.HasPrefix(name, ownPrefix) {
				b.fault(of, target.ReasonReserved, f.GetName())
				continue
			}
			if !retype(out, own) {
				b.fault(of, target.ReasonConflict, f.GetName())
				continue
			}
			if kind != own && kind != dto.MetricType_UNTYPED {
				b.fault(of, target.ReasonConflict, f.GetName())
			}
		}
		b.passed = append(b.passed, passed{of, out})
	}
}

// adopt gives families that do not say their type that of the others of their name.
func (b *binder) adopt() {
	kinds := map[string][]dto.MetricType{}
	for _, p := range b.passed {
		if of := kinds[p.GetName()]; p.GetType() != dto.MetricType_UNTYPED && !slices.Contains(of, p.GetType()) {
			kinds[p.GetName()] = append(of, p.GetType())
		}
	}
	for _, p := range b.passed {
		if of := kinds[p.GetName()]; p.GetType() == dto.MetricType_UNTYPED && len(of) == 1 {
			retype(p.MetricFamily, of[0])
		}
	}
}

// flatten takes the types from families that cannot stand beside others.
func (b *binder) flatten() {
	b.adopt()
	owner := map[string]key{}
	apart := map[key]bool{}
	for _, p := range b.passed {
		if onlyFlat(p.MetricFamily) {
			continue
		}
		k := key{name: p.GetName(), kind: p.GetType()}
		for _, c := range claims(k.name, k.kind) {
			if there, ok := owner[c]; ok && there != k {
				apart[k], apart[there] = true, true
			}
			if own, ok := b.ownClaims[c]; ok && own != k.name {
				apart[k] = true
			}
			owner[c] = k
		}
	}
	all := b.passed
	b.passed = nil
	for _, p := range all {
		k := key{name: p.GetName(), kind: p.GetType()}
		switch odd := onlyFlat(p.MetricFamily); {
		case odd && slices.ContainsFunc(claims(k.name, k.kind), func(c string) bool { of, taken := owner[c]; return taken && !apart[of] }):
			// It would take the types of families that can have them.
			b.fault(p.of, target.ReasonConflict, p.GetName())
		case odd:
			b.pass(p.of, flat(p.MetricFamily, b.created))
		case apart[k]:
			b.fault(p.of, target.ReasonConflict, p.GetName())
			b.pass(p.of, flat(p.MetricFamily, b.created))
		default:
			b.passed = append(b.passed, p)
		}
	}
}

// pass takes families of single series, but for those with the name of another of
// the exporter's own series.
func (b *binder) pass(of int, all []*dto.MetricFamily) {
	for _, f := range all {
		if own, ok := b.ownClaims[f.GetName()]; !ok || own == f.GetName() {
			b.passed = append(b.passed, passed{of, f})
		}
	}
}

// bind puts a target's family onto the page. Of series that are there twice the
// first counts.
func (b *binder) bind(p passed) {
	for _, m := range p.GetMetric() {
		id, parts := series(p.MetricFamily, m), b.parts(p.MetricFamily, m)
		if b.seen[id] || slices.ContainsFunc(parts, func(id string) bool { return b.seen[id] }) {
			b.fault(p.of, target.ReasonDuplicate, p.GetName())
			continue
		}
		b.seen[id] = true
		for _, id := range parts {
			b.seen[id] = true
		}
		b.put(p.MetricFamily, m)
	}
}

// bindOwn puts a family of the exporter onto the page. Where a target has one of
// the same name, the target's own is taken.
func (b *binder) bindOwn(f *dto.MetricFamily) {
	if len(b.passed) == 0 { // nothing is in its way
		b.families = append(b.families, f)
		return
	}
	taken := map[[2]string]bool{}
	if there := b.at[key{name: f.GetName(), kind: f.GetType()}]; there != nil {
		for _, m := range there.GetMetric() {
			taken[[2]string{label(m, labelService), label(m, labelInstance)}] = true
		}
	}
	for _, m := range f.GetMetric() {
		if !taken[[2]string{label(m, labelService), label(m, labelInstance)}] && !b.seen[series(f, m)] {
			b.put(f, m)
		}
	}
	if there := b.at[key{name: f.GetName(), kind: f.GetType()}]; there != nil {
		there.Help = f.Help
	}
}

func (b *binder) put(f *dto.MetricFamily, m *dto.Metric) {
	k := key{f.GetName(), f.GetType(), b.typed && m.Histogram != nil && target.IsNative(m.Histogram)}
	there := b.at[k]
	if there == nil {
		there = &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit}
		b.at[k] = there
		b.families = append(b.families, there)
	}
	there.Metric = append(there.Metric, m)
}

// series is the identity of a metric within the page. A histogram's series, or a
// summary's, have other names than its own.
func series(f *dto.MetricFamily, m *dto.Metric) string {
	var s strings.Builder
	s.WriteString(f.GetName())
	if m.Histogram != nil || m.Summary != nil {
		s.WriteString("\xff" + f.GetType().String())
	}
	for _, l := range m.GetLabel() {
		s.WriteString("\xff" + l.GetName() + "\xff" + l.GetValue())
	}
	return s.String()
}

func (b *binder) fault(of int, reason, name string) {
	if b.faults[of] == nil {
		b.faults[of] = map[string][]string{}
	}
	if all := b.faults[of][reason]; len(all) < namesShown && !slices.Contains(all, name) {
		b.faults[of][reason] = append(all, name)
	}
}

// namesShown bounds the names of families that a fault lists.
const namesShown = 5

var faultTexts = map[string]string{
	target.ReasonConflict:  "the exporter or another target has families of these names with another type: %.300q",
	target.ReasonReserved:  "families with names of the exporter's own are left out: %.300q",
	target.ReasonDuplicate: "series are there twice in: %.300q",
}

func (b *binder) faultsOf(of int) (all []target.Fault) {
	for _, reason := range []string{target.ReasonConflict, target.ReasonReserved, target.ReasonDuplicate} {
		if names := b.faults[of][reason]; len(names) > 0 {
			all = append(all, target.Fault{Source: target.SourceMetrics, Reason: reason, Err: fmt.Errorf(faultTexts[reason], strings.Join(names, " "))})
		}
	}
	return all
}

// retype gives a family another type, if both are of single values.
func retype(f *dto.MetricFamily, kind dto.MetricType) bool {
	if f.GetType() == kind {
		return true
	}
	for _, m := range f.GetMetric() {
		var value float64
		switch {
		case m.Gauge != nil:
			value = m.Gauge.GetValue()
		case m.Counter != nil:
			value = m.Counter.GetValue()
		case m.Untyped != nil:
			value = m.Untyped.GetValue()
		default:
			return false
		}
		m.Gauge, m.Counter, m.Untyped = nil, nil, nil
		switch kind {
		case dto.MetricType_GAUGE:
			m.Gauge = &dto.Gauge{Value: &value}
		case dto.MetricType_COUNTER:
			m.Counter = &dto.Counter{Value: &value}
		default:
			return false
		}
	}
	f.Type = &kind
	return true
}

// ownKinds are the types of all families that the exporter may have of its own.
var ownKinds = sync.OnceValues(func() (map[string]dto.MetricType, error) {
	families, err := translate([]target.Answer{everything()})
	if err != nil {
		return nil, err
	}
	kinds := map[string]dto.MetricType{}
	for _, f := range families {
		kinds[f.GetName()] = f.GetType()
	}
	return kinds, nil
})

// everything is an answer that has all that an answer may have.
func everything() target.Answer {
	n, v := new(uint64), new(float64)
	return target.Answer{
		Target: &target.Target{}, Sources: []string{target.SourceExpvar}, Goroutines: n, Threads: n,
		Memory: &target.Memory{Sys: n, HeapReleased: n, HeapAlloc: n, StackInuse: n, TotalAlloc: n, Mallocs: n, NextGC: n, NumGC: n, LastGC: v, PauseTotal: v, GCCPUFraction: v},
	}
}

// translate has the SDK's exporter make families of what the exporter knows.
func translate(all []target.Answer) ([]*dto.MetricFamily, error) {
	registry := prometheus.NewPedanticRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithProducer(answers(all)),
		otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("make the Prometheus exporter: %w", err)
	}
	// The exporter reads from its producer once a provider has it as a reader.
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithResource(resource.Empty()))
	families, err := registry.Gather()
	err = errors.Join(err, provider.Shutdown(context.Background()))
	if err != nil {
		return nil, fmt.Errorf("translate to Prometheus: %w", err)
	}
	return families, nil
}

// describe says the unit, which OpenMetrics wants to be the end of the name,
// and has a text for a family that has none.
func describe(f *dto.MetricFamily) {
	name := strings.TrimSuffix(f.GetName(), "_total")
	for _, u := range []string{"seconds", "bytes", "ratio"} {
		if f.Unit == nil && strings.HasSuffix(name, "_"+u) {
			f.Unit = &u
		}
	}
	if f.GetHelp() == "" {
		help := "Passed on from the target, which does not describe it."
		f.Help = &help
	}
}

package page

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

const (
	labelService  = "service_name"
	labelInstance = "service_instance_id"
)

// Families are all families of the answers, sorted by name. The families within
// the answers are changed and belong to the result.
func Families(all []target.Answer) ([]*dto.MetricFamily, error) {
	byName := map[string]*dto.MetricFamily{}
	taken := map[series]bool{}
	all = slices.Clone(all)
	for i, a := range all {
		var refused []string
		for _, f := range a.Families {
			if join(byName, f, a.Target) {
				taken[series{f.GetName(), a.Target.Service, a.Target.Instance}] = true
			} else {
				refused = append(refused, f.GetName())
			}
		}
		if len(refused) > 0 {
			all[i].Faults = append(slices.Clone(a.Faults), target.Fault{Source: target.SourceMetrics, Reason: target.ReasonConflict,
				Err: fmt.Errorf("other targets have %v as another type", refused)})
		}
	}
	own, err := translate(all)
	if err != nil {
		return nil, err
	}
	for _, f := range own {
		f.Metric = slices.DeleteFunc(f.Metric, func(m *dto.Metric) bool {
			return taken[series{f.GetName(), label(m, labelService), label(m, labelInstance)}]
		})
		if there := byName[f.GetName()]; there != nil && there.GetType() != f.GetType() || len(f.Metric) == 0 {
			continue
		} else if there != nil {
			f.Metric = append(f.Metric, there.Metric...)
		}
		byName[f.GetName()] = f
	}
	for _, f := range byName {
		unit(f)
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *dto.MetricFamily) int {
		return cmp.Compare(a.GetName(), b.GetName())
	}), nil
}

// series are those of one family of one target.
type series struct{ family, service, instance string }

// translate has the SDK's exporter make families of what the exporter knows.
func translate(all []target.Answer) ([]*dto.MetricFamily, error) {
	registry := prometheus.NewPedanticRegistry()
	exporter, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithProducer(answers(all)),
		otelprom.WithoutScopeInfo(), otelprom.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("make the Prometheus exporter: %w", err)
	}
	// The exporter reads from its producer once a provider has it as a reader.
	sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithResource(resource.Empty()))
	families, err := registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("translate to Prometheus: %w", err)
	}
	return families, nil
}

// join adds a target's family to those of the same name, unless its type is
// another: a family has one type, and the first target's counts.
func join(byName map[string]*dto.MetricFamily, f *dto.MetricFamily, t *target.Target) bool {
	there := byName[f.GetName()]
	if there != nil && there.GetType() != f.GetType() {
		return false
	}
	for _, m := range f.GetMetric() {
		m.Label = labelled(m.Label, t)
		m.TimestampMs = nil // it is as of the scrape
	}
	if there == nil {
		if f.GetHelp() == "" {
			help := "Passed on from the target, which does not describe it."
			f.Help = &help
		}
		byName[f.GetName()] = f
		return true
	}
	there.Metric = append(there.Metric, f.Metric...)
	return true
}

// labelled adds whose metric it is. A label that the target has under that name
// is kept as exported_…, which is what Prometheus does in the same case.
func labelled(labels []*dto.LabelPair, t *target.Target) []*dto.LabelPair {
	for _, l := range labels {
		if n := l.GetName(); n == labelService || n == labelInstance {
			renamed := "exported_" + n
			l.Name = &renamed
		}
	}
	service, instance := labelService, labelInstance
	labels = append(labels,
		&dto.LabelPair{Name: &instance, Value: &t.Instance}, &dto.LabelPair{Name: &service, Value: &t.Service})
	slices.SortFunc(labels, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return labels
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// unit says the unit, which OpenMetrics wants to be the end of the name.
func unit(f *dto.MetricFamily) {
	name := strings.TrimSuffix(f.GetName(), "_total")
	for _, u := range []string{"seconds", "bytes", "ratio"} {
		if f.Unit == nil && strings.HasSuffix(name, "_"+u) {
			f.Unit = &u
		}
	}
}

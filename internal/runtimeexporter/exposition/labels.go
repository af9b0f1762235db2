package exposition

import (
	"cmp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

const (
	labelService  = "service_name"
	labelInstance = "service_instance_id"
	exported      = "exported_"
)

// names writes a target's names of families as the reader of the page takes
// them. Names that would become one are kept apart.
type names struct {
	scheme model.EscapingScheme
	owner  map[string]string // by the name to write
}

func namesOf(scheme model.EscapingScheme, all []*dto.MetricFamily) names {
	n := names{scheme, map[string]string{}}
	for _, f := range all {
		name := f.GetName()
		if written := n.escaped(name); written == name || n.owner[written] == "" {
			n.owner[written] = name
		}
	}
	return n
}

func (n names) escaped(name string) string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return name
	}
	return model.EscapeName(name, n.scheme)
}

func (n names) of(name string) string {
	if written := n.escaped(name); n.owner[written] == name {
		return written
	}
	return model.EscapeName(name, model.ValueEncodingEscaping)
}

// labelName is a label's name as the reader of the page takes it. A colon is
// never one's part: the encoder takes it for one of a family's name, which need
// no quotes, and then nobody can read the page.
func labelName(name string, scheme model.EscapingScheme) string {
	if model.LegacyValidation.IsValidLabelName(name) {
		return name
	}
	if !model.LegacyValidation.IsValidMetricName(name) {
		name = model.EscapeName(name, scheme)
	}
	if model.LegacyValidation.IsValidMetricName(name) {
		name = strings.ReplaceAll(name, ":", "_")
	}
	return name
}

// labelled is the labels of a target's metric with whose it is. A label that
// the target has under that name is kept as exported_…, which is what Prometheus
// does in the same case, and so is one whose name became another's. Labels
// without a value are as none, and are left out. The labels given are not changed.
func labelled(labels []*dto.LabelPair, t *target.Target, scheme model.EscapingScheme) []*dto.LabelPair {
	taken := map[string]bool{labelService: true, labelInstance: true}
	out := make([]*dto.LabelPair, 0, len(labels)+2)
	add := func(name, value string) {
		for taken[name] {
			name = exported + name
		}
		taken[name] = true
		out = append(out, &dto.LabelPair{Name: &name, Value: &value})
	}
	var renamed []*dto.LabelPair
	for _, l := range labels {
		switch n := l.GetName(); {
		case l.GetValue() == "":
		case n != labelName(n, scheme) || taken[n]:
			renamed = append(renamed, l)
		default:
			add(n, l.GetValue())
		}
	}
	slices.SortFunc(renamed, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	for _, l := range renamed {
		add(labelName(l.GetName(), scheme), l.GetValue())
	}
	instance, service := labelInstance, labelService
	out = append(out, &dto.LabelPair{Name: &instance, Value: &t.Instance}, &dto.LabelPair{Name: &service, Value: &t.Service})
	slices.SortFunc(out, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return out
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

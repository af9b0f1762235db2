package dashboards

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	heatmappanel "github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/logs"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	tablepanel "github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// target of a panel's builder, whatever its kind.
type target[B any] interface {
	cog.Builder[dashboard.Panel]
	Title(string) B
	Description(string) B
	Datasource(common.DataSourceRef) B
	Span(uint32) B
	Height(uint32) B
	Unit(string) B
	NoValue(string) B
	Thresholds(cog.Builder[dashboard.ThresholdsConfig]) B
	ColorScheme(cog.Builder[dashboard.FieldColor]) B
	OverrideByRegexp(string, []dashboard.DynamicConfigValue) B
}

// check says what a panel does not tell its reader.
func (p *panel) check() error {
	var faults []error
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, fmt.Errorf("panel %q: %s", p.title, what))
		}
	}
	need(p.title != "", "has no title")
	need(p.about != "", "does not say what it shows")
	need(p.w > 0 && p.w <= 24 && p.h > 0, "has no size")
	need(len(p.queries) > 0, "asks nothing")
	need(p.unit != "" || p.kind == log, "has no unit")
	for _, q := range p.queries {
		need(q.from == p.queries[0].from, "asks several data sources")
		need(q.legend != "" || p.kind == log || p.kind == table, "has a query without a legend")
	}
	return errors.Join(faults...)
}

func (p *panel) render() (cog.Builder[dashboard.Panel], error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	switch p.kind {
	case figure:
		return p.figure(), nil
	case bars:
		return p.bars(), nil
	case heatmap:
		return p.heatmap(), nil
	case log:
		return p.log(), nil
	case table:
		return p.table(), nil
	default:
		return p.curves(), nil
	}
}

// base is what panels of all kinds have.
func base[B target[B]](p *panel, b B) B {
	b.Title(p.title).Description(p.about).Datasource(source(p.queries[0].from)).Span(p.w).Height(p.h).
		Unit(p.unit).NoValue("–").Thresholds(p.limits.render()).ColorScheme(p.scheme())
	for _, legend := range slices.Sorted(maps.Keys(p.look.colours)) {
		b.OverrideByRegexp("/^"+legend+"$/", []dashboard.DynamicConfigValue{{Id: "color", Value: map[string]string{
			"mode": "fixed", "fixedColor": p.look.colours[legend],
		}}})
	}
	return b
}

// scheme of the series that have no colour of their own: by name, so that a name has
// one colour on all panels. A figure has that of its threshold.
func (p *panel) scheme() cog.Builder[dashboard.FieldColor] {
	mode := dashboard.FieldColorModeIdPaletteClassicByName
	if p.kind == figure || p.kind == table || p.kind == bars && p.limits != (limits{}) {
		mode = dashboard.FieldColorModeIdThresholds
	}
	return dashboard.NewFieldColorBuilder().Mode(mode)
}

// ref is the letter of a query within its panel.
func ref(i int) string { return string(rune('A' + i)) }

func (l limits) render() cog.Builder[dashboard.ThresholdsConfig] {
	step := func(at float64, colour string) dashboard.Threshold {
		return dashboard.Threshold{Value: &at, Color: colour}
	}
	steps := []dashboard.Threshold{{Color: colourGood}} // from minus infinity
	switch {
	case l == limits{}:
		steps[0].Color = "text"
	case l.falling:
		steps = []dashboard.Threshold{{Color: colourBad}, step(l.bad, colourWarn), step(l.warn, colourGood)}
	default:
		if l.warn < l.bad {
			steps = append(steps, step(l.warn, colourWarn))
		}
		steps = append(steps, step(l.bad, colourBad))
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

func (p *panel) curves() cog.Builder[dashboard.Panel] {
	b := base(p, timeseries.NewPanelBuilder())
	for i, q := range p.queries {
		b.WithTarget(q.render(ref(i)))
	}
	b.LineWidth(1.5).FillOpacity(8).ShowPoints(common.VisibilityModeAuto).PointSize(4).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeTable).
			Placement(common.LegendPlacementBottom).ShowLegend(true).Calcs([]string{"mean", "max", "lastNotNull"})).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if p.limits != (limits{}) {
		b.ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	if p.look.stacked {
		b.FillOpacity(60).LineWidth(0).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
	}
	if p.look.logs {
		b.ScaleDistribution(common.NewScaleDistributionConfigBuilder().Type(common.ScaleDistributionLog).Log(10))
	} else {
		b.AxisSoftMin(0)
	}
	if p.look.max != 0 {
		b.Max(p.look.max)
	}
	if p.look.dashed != "" {
		b.OverrideByRegexp("/^"+p.look.dashed+"$/", []dashboard.DynamicConfigValue{
			{Id: "custom.lineStyle", Value: map[string]any{"fill": "dash", "dash": []int{8, 6}}},
			{Id: "custom.fillOpacity", Value: 0},
		})
	}
	return b
}

func (p *panel) figure() cog.Builder[dashboard.Panel] {
	b := base(p, stat.NewPanelBuilder())
	for i, q := range p.queries {
		b.WithTarget(q.at(atTheEnd).render(ref(i)))
	}
	b.GraphMode(common.BigValueGraphModeNone).JustifyMode(common.BigValueJustifyModeCenter).
		ColorMode(common.BigValueColorModeValue).TextMode(common.BigValueTextModeAuto).WideLayout(false).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
	if p.look.names {
		b.TextMode(common.BigValueTextModeName).ColorMode(common.BigValueColorModeBackground)
	}
	return b
}

func (p *panel) bars() cog.Builder[dashboard.Panel] {
	b := base(p, bargauge.NewPanelBuilder())
	for i, q := range p.queries {
		b.WithTarget(q.at(atTheEnd).render(ref(i)))
	}
	return b.Min(0).DisplayMode(common.BarGaugeDisplayModeBasic).Orientation(common.VizOrientationHorizontal).
		ValueMode(common.BarGaugeValueModeText).ShowUnfilled(true).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
}

func (p *panel) heatmap() cog.Builder[dashboard.Panel] {
	b := base(p, heatmappanel.NewPanelBuilder())
	for i, q := range p.queries {
		b.WithTarget(q.at(asHeatmap).render(ref(i)))
	}
	return b.Calculate(false).CellGap(1).ExemplarsColor("rgba(255,0,255,0.8)").ShowLegend().
		Color(heatmappanel.NewHeatmapColorOptionsBuilder().Mode(heatmappanel.HeatmapColorModeScheme).
			Scheme("Turbo").Steps(64).Exponent(0.5)).
		FilterValues(heatmappanel.NewFilterValueRangeBuilder().Le(1e-9)).
		CellValues(heatmappanel.NewCellValuesBuilder().Unit("reqps")).
		YAxis(heatmappanel.NewYAxisConfigBuilder().Unit(p.unit).AxisPlacement(common.AxisPlacementLeft)).
		Tooltip(heatmappanel.NewHeatmapTooltipBuilder().Mode(common.TooltipDisplayModeSingle).YHistogram(true).ShowColorScale(true))
}

func (p *panel) log() cog.Builder[dashboard.Panel] {
	b := base(p, logs.NewPanelBuilder())
	for i, q := range p.queries {
		b.WithTarget(q.render(ref(i)))
	}
	return b.ShowTime(true).WrapLogMessage(true).EnableLogDetails(true).SortOrder(common.LogsSortOrderDescending)
}

// table has the unit on its one column of figures: a trace's id may look like one.
func (p *panel) table() cog.Builder[dashboard.Panel] {
	b := base(p, tablepanel.NewPanelBuilder()).Unit("string").
		OverrideByName("Duration", []dashboard.DynamicConfigValue{{Id: "unit", Value: p.unit}})
	for i, q := range p.queries {
		b.WithTarget(q.render(ref(i)))
	}
	return b.ShowHeader(true).Filterable(true).
		Footer(common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{"count"})).
		SortBy([]cog.Builder[common.TableSortByFieldState]{
			common.NewTableSortByFieldStateBuilder().DisplayName("Duration").Desc(true),
		})
}

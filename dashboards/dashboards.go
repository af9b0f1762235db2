package dashboards

//lint:file-ignore SA1019 the SDK prefers the v2 schema, which Grafana does not take from files

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// Tag is on every dashboard; the links among them follow it.
const Tag = "loadtrace"

// definition is a dashboard, before it is rendered.
type definition struct {
	uid, title, about string
	variables         []variable
	events            []event
	sections          []section
}

// definitions are the dashboards, the first to look at first.
func definitions() []definition {
	return []definition{run(), requestsDefinition(), runtime(), compare(), pipeline()}
}

// Files are the dashboards by the names of their files, as Grafana reads them.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	var faults []error
	for _, p := range definitions() {
		d, err := p.render()
		if err != nil {
			faults = append(faults, fmt.Errorf("dashboard %s: %w", p.uid, err))
			continue
		}
		src, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			faults = append(faults, fmt.Errorf("write dashboard %s: %w", p.uid, err))
			continue
		}
		files[p.uid+".json"] = append(src, '\n')
	}
	return files, errors.Join(faults...)
}

func (p *definition) render() (dashboard.Dashboard, error) {
	b := dashboard.NewDashboardBuilder(p.title).Uid(p.uid).Description(p.about).Tags([]string{Tag}).
		Time("now-30m", "now").Refresh("10s").Timezone("browser").Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Timepicker(dashboard.NewTimePickerBuilder().RefreshIntervals([]string{"5s", "10s", "30s", "1m", "5m"})).
		Link(dashboard.NewDashboardLinkBuilder("Loadtrace").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{Tag}).KeepTime(true).IncludeVars(true))
	for _, v := range p.variables {
		b.WithVariable(v.render())
	}
	for _, e := range p.events {
		b.Annotation(e.render())
	}
	var faults []error
	for _, s := range p.sections {
		b.WithRow(dashboard.NewRowBuilder(s.title))
		for i := range s.panels {
			rendered, err := s.panels[i].render()
			if err != nil {
				faults = append(faults, err)
				continue
			}
			b.WithPanel(rendered)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return dashboard.Dashboard{}, err
	}
	d, err := b.Build()
	if err != nil {
		return d, err
	}
	number(&d)
	return d, nil
}

// number gives every panel an id, which links to a panel need, in reading order.
func number(d *dashboard.Dashboard) {
	for i := range d.Panels {
		id := uint32(i + 1)
		if row := d.Panels[i].RowPanel; row != nil {
			row.Id = id
		} else {
			d.Panels[i].Panel.Id = &id
		}
	}
}

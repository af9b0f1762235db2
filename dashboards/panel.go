package dashboards

// kind of a panel.
type kind int

const (
	curves  kind = iota // figures over time
	figure              // one figure, or a few, in large type
	bars                // figures side by side
	heatmap             // a distribution over time
	log                 // lines
	table               // traces
)

// panel is one panel, before it is rendered.
type panel struct {
	kind    kind
	title   string
	about   string // what it shows, for its reader
	unit    string // of Grafana
	w, h    uint32 // of 24 columns; rows of 30 pixels
	queries []query
	limits  limits
	look    look
}

// look is how a panel differs from others of its kind.
type look struct {
	colours map[string]string // by legend, a regular expression
	dashed  string            // legend of a curve that is dashed
	stacked bool
	logs    bool // logarithmic scale
	max     float64
	names   bool // a figure's name instead of its value
}

// section is a row of panels under a title.
type section struct {
	title  string
	panels []panel
}

// sized makes a row of panels of equal width and height.
func sized(h uint32, panels ...panel) []panel {
	for i := range panels {
		panels[i].h = h
		if panels[i].w == 0 {
			panels[i].w = uint32(24 / len(panels))
		}
	}
	return panels
}

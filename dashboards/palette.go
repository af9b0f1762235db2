package dashboards

// Colours by what they mean, the same on every dashboard. They are names of
// Grafana's palette, which follow the light and the dark theme.
const (
	colourGood     = "green"
	colourWarn     = "orange"
	colourBad      = "red"
	colourWanted   = "#8e8e8e" // what was asked for, and the baseline of a comparison
	colourDone     = "blue"    // what was done
	colourService  = "blue"    // service time: from sent to done
	colourResponse = "purple"  // response time: from intended to done
	colourLag      = "dark-orange"
	colourP50      = "light-purple"
	colourP90      = "purple"
	colourP99      = "semi-dark-purple"
	colourP999     = "dark-purple"
	colourMemory   = "semi-dark-yellow"
	colourGC       = "semi-dark-orange"
)

// limits is where a figure gets bad. The zero value has none: the figure is for
// reading only.
type limits struct {
	warn, bad float64
	// falling is for figures that are bad when they are low.
	falling bool
}

// over is bad from a figure on, and a warning from another.
func over(warn, bad float64) limits { return limits{warn: warn, bad: bad} }

// under is bad below a figure, and a warning below another.
func under(warn, bad float64) limits { return limits{warn: warn, bad: bad, falling: true} }

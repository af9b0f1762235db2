package dashboards

import (
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// event is a mark on the time axis, from a line in Loki.
type event struct {
	name, colour, expr string
	tags               string // labels that are shown; without any, Grafana shows all
	off                bool   // until somebody turns it on
	empty              string
}

// runLines are the lines that the generator writes of a run. Loki keeps no names
// of events, but only they have an attribute of ours.
func runLines(run, having string) string {
	return fmt.Sprintf(`{%s="loadtrace"} | %s | %s | drop %s, %s`, serviceName, is(runID, run), having, plan, summary)
}

// beginOrEnd of a run, the only lines that have the plan or how it ended.
var beginOrEnd = fmt.Sprintf(`%s!="" or %s!=""`, plan, runEnd)

// runEvents are the marks of a run.
func runEvents(run string) []event {
	return []event{
		{name: "Run", colour: colourP99, expr: runLines(run, beginOrEnd), tags: planName},
		{name: "Stages", colour: colourDone, expr: runLines(run, stageIndex+`!=""`), tags: attackName},
		{
			name: "Speed", colour: colourWarn, expr: runLines(run, speed+`!=""`), tags: attackName,
			empty: "the speed of no attack was changed",
		},
	}
}

func (e event) render() cog.Builder[dashboard.AnnotationQuery] {
	return dashboard.NewAnnotationQueryBuilder().Name(e.name).Datasource(source(Loki)).Enable(!e.off).
		IconColor(e.colour).Expr(e.expr).TitleFormat(e.name).TagKeys(e.tags).Target(lines(e.expr).render("Annotation"))
}

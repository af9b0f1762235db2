package lint

import (
	"maps"
	"slices"
	"strings"
)

// Subject is what a rule's condition looks at: the names that an expression may use.
type Subject struct {
	Kind string `expr:"kind"` // receiver, processor, exporter, connector, extension, pipeline or text
	ID   string `expr:"id"`   // otlp_http/2
	Type string `expr:"type"` // otlp_http
	// Config is that of the component or the pipeline.
	Config map[string]any `expr:"config"`
	// Pipelines are the ids of those that a component is part of.
	Pipelines []string `expr:"pipelines"`
	// Receivers, Processors and Exporters are the types that a pipeline has.
	Receivers  []string `expr:"receivers"`
	Processors []string `expr:"processors"`
	Exporters  []string `expr:"exporters"`
	// Text is a key or a value, and Section the key of the configuration it is below.
	Text    string `expr:"text"`
	Section string `expr:"section"`

	path  string
	place Place
}

// kinds are the sections of components by kind.
var kinds = map[string]string{
	"receiver": "receivers", "processor": "processors", "exporter": "exporters", "connector": "connectors", "extension": "extensions",
}

// subjects lists all that rules can look at.
func (c *config) subjects() (out []Subject) {
	pipelines := c.pipelines()
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		section, _ := c.value[kinds[kind]].(map[string]any)
		for _, id := range slices.Sorted(maps.Keys(section)) {
			settings, _ := section[id].(map[string]any)
			path := under(kinds[kind], id)
			out = append(out, Subject{
				Kind: kind, ID: id, Type: typeOf(id), Config: settings, Section: kinds[kind],
				Pipelines: pipelines.having(kinds[kind], id), path: path, place: c.at(path),
			})
		}
	}
	for _, p := range pipelines {
		path := "service" + sep + "pipelines" + sep + p.id
		out = append(out, Subject{
			Kind: "pipeline", ID: p.id, Type: typeOf(p.id), Config: p.settings, Section: "service",
			Receivers: types(p.names("receivers")), Processors: types(p.names("processors")), Exporters: types(p.names("exporters")),
			path: path, place: c.at(path),
		})
	}
	for _, t := range c.texts {
		section, _, _ := strings.Cut(t.path, sep)
		out = append(out, Subject{Kind: "text", Text: t.value, Section: section, path: t.path, place: t.place})
	}
	return out
}

// pipeline of a configuration.
type pipeline struct {
	id       string
	settings map[string]any
}

type pipelines []pipeline

func (c *config) pipelines() (out pipelines) {
	service, _ := c.value["service"].(map[string]any)
	section, _ := service["pipelines"].(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(section)) {
		settings, _ := section[id].(map[string]any)
		out = append(out, pipeline{id, settings})
	}
	return out
}

// names are the ids of a list of a pipeline.
func (p pipeline) names(list string) (out []string) {
	values, _ := p.settings[list].([]any)
	for _, v := range values {
		if id, ok := v.(string); ok {
			out = append(out, id)
		}
	}
	return out
}

// having are the pipelines that have a component of a section.
func (ps pipelines) having(section, id string) []string {
	out := []string{}
	for _, p := range ps {
		lists := []string{section}
		if section == "connectors" {
			lists = []string{"receivers", "exporters"}
		}
		for _, list := range lists {
			if slices.Contains(p.names(list), id) && !slices.Contains(out, p.id) {
				out = append(out, p.id)
			}
		}
	}
	return out
}

// typeOf an id is what stands before its name.
func typeOf(id string) string {
	t, _, _ := strings.Cut(id, "/")
	return t
}

func types(ids []string) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, typeOf(id))
	}
	return out
}

package lint

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/loadtrace/loadtrace/internal/yamlbound"
)

// maxSource bounds a file, in bytes.
const maxSource = 1 << 20

// Place in a file, from 1.
type Place struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// config is one configuration of the collector in a file.
type config struct {
	value  map[string]any
	places map[string]Place // of keys and items, by path
	texts  []text
	// waivers are comments that take findings back: those of the file, and those of the
	// text within it in which the configuration stands.
	waivers []*waivers
}

// text is a word of a configuration: a key, or a value that is a text.
type text struct {
	value string
	path  string
	place Place
}

// sections are the keys of a configuration, by which one is known.
var sections = []string{"receivers", "processors", "exporters", "connectors", "extensions", "service"}

// sep is between the steps of a path; keys may hold dots and slashes.
const sep = "\x00"

func under(path string, key string) string {
	if path == "" {
		return key
	}
	return path + sep + key
}

// readConfigs finds the configurations in a file: it is one, or holds Kubernetes'
// objects that have some.
func readConfigs(src []byte) ([]*config, error) {
	if len(src) > maxSource {
		return nil, fmt.Errorf("more than %d bytes", maxSource)
	}
	tokens, file, err := parse(string(src))
	if err != nil {
		return nil, err
	}
	found := waiversOf(tokens)
	var configs []*config
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		b := &builder{places: map[string]Place{}, anchors: map[string]ast.Node{}}
		b.build(doc.Body, "")
		part, err := b.configs(doc.Body, src)
		if err != nil {
			return nil, err
		}
		for _, c := range part {
			c.waivers = append(c.waivers, found)
		}
		configs = append(configs, part...)
	}
	if len(configs) == 0 {
		return nil, fmt.Errorf("no collector configuration is in it: none of the keys %s, no OpenTelemetryCollector and no ConfigMap that has one", strings.Join(sections, ", "))
	}
	return configs, nil
}

// tooMuch is a source that no parser should see.
type tooMuch struct {
	line int
	what string
}

func (e tooMuch) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.what) }

// parse a source, unless it is nested too deeply. The error of that is a tooMuch.
func parse(src string) (token.Tokens, *ast.File, error) {
	tokens := lexer.Tokenize(src)
	if t, what := yamlbound.Excess(tokens); t != nil {
		return nil, nil, tooMuch{t.Position.Line, what}
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, nil, syntaxFault(err)
	}
	return tokens, file, nil
}

func syntaxFault(err error) error {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		return fmt.Errorf("line %d: %s", syntax.Token.Position.Line, syntax.Message)
	}
	return err
}

// configs are those of one document.
func (b *builder) configs(body ast.Node, src []byte) ([]*config, error) {
	value, ok := b.value(body).(map[string]any)
	if err := b.excess(); err != nil {
		return nil, err
	}
	if !ok {
		return nil, nil
	}
	switch value["kind"] {
	case "OpenTelemetryCollector":
		spec, _ := value["spec"].(map[string]any)
		inner, ok := spec["config"].(map[string]any)
		if !ok {
			return nil, errors.New("an OpenTelemetryCollector without spec.config as a mapping")
		}
		return []*config{b.below("spec"+sep+"config", inner)}, nil
	case "ConfigMap":
		return b.embedded(value, src)
	}
	if _, object := value["apiVersion"]; object || !isConfig(value) {
		return nil, nil
	}
	return []*config{{value: value, places: b.places, texts: b.texts}}, nil
}

func isConfig(value map[string]any) bool {
	for _, s := range sections {
		if _, ok := value[s].(map[string]any); ok {
			return true
		}
	}
	return false
}

// below is the configuration at a path of a document.
func (b *builder) below(path string, value map[string]any) *config {
	c := &config{value: value, places: map[string]Place{}}
	for p, at := range b.places {
		if rest, ok := strings.CutPrefix(p, path+sep); ok {
			c.places[rest] = at
		}
	}
	for _, t := range b.texts {
		if rest, ok := strings.CutPrefix(t.path, path+sep); ok {
			t.path = rest
			c.texts = append(c.texts, t)
		}
	}
	return c
}

// embedded are the configurations that stand as texts in a ConfigMap.
func (b *builder) embedded(value map[string]any, src []byte) ([]*config, error) {
	data, _ := value["data"].(map[string]any)
	var out []*config
	for _, t := range b.texts {
		name, ok := strings.CutPrefix(t.path, "data"+sep)
		if !ok || strings.Contains(name, sep) || data[name] == nil || t.value == name || !strings.Contains(t.value, "\n") {
			continue
		}
		tokens, file, err := parse(t.value)
		if e, ok := errors.AsType[tooMuch](err); ok {
			return nil, tooMuch{t.place.Line + e.line, e.what} // it could hide anything
		}
		if err != nil {
			continue // a file of another kind
		}
		found := waiversOf(tokens).moved(t.place.Line, indent(src, t.place.Line))
		for _, doc := range file.Docs {
			inner := &builder{places: map[string]Place{}, anchors: map[string]ast.Node{}, lines: t.place.Line, columns: indent(src, t.place.Line)}
			inner.build(doc.Body, "")
			value, ok := inner.value(doc.Body).(map[string]any)
			if err := inner.excess(); err != nil {
				return nil, err
			}
			if ok && isConfig(value) {
				out = append(out, &config{value: value, places: inner.places, texts: inner.texts, waivers: []*waivers{found}})
			}
		}
	}
	return out, nil
}

// indent is by how much the line after one is indented.
func indent(src []byte, line int) int {
	lines := strings.Split(string(src), "\n")
	if line >= len(lines) {
		return 0
	}
	return len(lines[line]) - len(strings.TrimLeft(lines[line], " "))
}

// at is the place of a path, or of the nearest around it that has one.
func (c *config) at(path string) Place {
	for {
		if p, ok := c.places[path]; ok {
			return p
		}
		cut := strings.LastIndex(path, sep)
		if cut < 0 {
			return Place{1, 1}
		}
		path = path[:cut]
	}
}

func placeOf(t *token.Token) Place {
	if t == nil || t.Position == nil {
		return Place{1, 1}
	}
	return Place{t.Position.Line, t.Position.Column}
}

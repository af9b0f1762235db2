package planfile

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// maxEnvDepth bounds how deeply defaults within defaults are nested.
const maxEnvDepth = 8

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// envFault is what is wrong with a variable in a text.
type envFault struct{ what, fix string }

// expandEnv replaces ${env:NAME} and ${env:NAME:-default} in a text, the syntax
// of the OpenTelemetry Collector's configuration; $$ stands for one $. What a
// variable holds is not looked through again. replaced says whether there was
// one at all. Without a lookup the text stays as it is.
func expandEnv(text string, lookup func(string) (string, bool)) (_ string, replaced bool, _ *envFault) {
	if lookup == nil || !strings.Contains(text, "$") {
		return text, false, nil
	}
	e := &expander{text: text, lookup: lookup}
	out := e.run(0)
	return out, e.replaced, e.fault
}

type expander struct {
	text     string // what is still to be read
	lookup   func(string) (string, bool)
	replaced bool
	size     int // of all values put in
	fault    *envFault
}

// run reads to the end of the text, or within a default (depth above 0) to
// the brace that closes it.
func (e *expander) run(depth int) string {
	var out strings.Builder
	for e.fault == nil {
		i := strings.IndexByte(e.text, '$')
		if depth > 0 {
			i = strings.IndexAny(e.text, "$}")
		}
		if i < 0 {
			out.WriteString(e.text)
			e.text = ""
			break
		}
		out.WriteString(e.text[:i])
		e.text = e.text[i:]
		switch {
		case e.text[0] == '}':
			return out.String()
		case strings.HasPrefix(e.text, "$$"):
			out.WriteByte('$')
			e.text = e.text[2:]
		case strings.HasPrefix(e.text, "${"):
			out.WriteString(e.variable(depth))
		default:
			out.WriteByte('$')
			e.text = e.text[1:]
		}
	}
	return out.String()
}

// variable reads ${env:NAME} or ${env:NAME:-default}.
func (e *expander) variable(depth int) string {
	whole := e.text
	body, ok := strings.CutPrefix(e.text, "${env:")
	if !ok {
		return e.fail(quote(whole)+" begins no environment variable", "write ${env:NAME}, or $${ for the characters themselves")
	}
	end := strings.IndexAny(body, "}:")
	if end < 0 || depth >= maxEnvDepth {
		return e.fail(quote(whole)+" is not closed", "write ${env:NAME} or ${env:NAME:-default}")
	}
	name := body[:end]
	if !envName.MatchString(name) {
		return e.fail(quote(name)+" is not the name of an environment variable", "use letters, digits and _")
	}
	e.replaced = true
	rest, hasDefault := strings.CutPrefix(body[end:], ":-")
	e.text = rest
	fallback := ""
	if hasDefault {
		fallback = e.run(depth + 1)
	}
	if e.fault != nil {
		return ""
	}
	if !strings.HasPrefix(e.text, "}") {
		return e.fail(quote(whole)+" is not closed", "write ${env:NAME} or ${env:NAME:-default}")
	}
	e.text = e.text[1:]
	return e.value(name, fallback, hasDefault)
}

func (e *expander) value(name, fallback string, hasDefault bool) string {
	v, ok := e.lookup(name)
	switch {
	case !ok && hasDefault:
		return fallback
	case !ok:
		return e.fail("environment variable "+utf8text.Clip(name)+" is not set", "set it, or write ${env:"+utf8text.Clip(name)+":-default}")
	case e.size+len(v) > maxSource:
		return e.fail(fmt.Sprintf("grows to more than %d bytes with its environment variables", maxSource), "put a body into a file and name it with body_file")
	case !utf8.ValidString(v):
		return e.fail("environment variable "+utf8text.Clip(name)+" is not UTF-8", "set it to text")
	}
	e.size += len(v)
	return v
}

func (e *expander) fail(what, fix string) string {
	if e.fault == nil {
		e.fault = &envFault{what, fix}
	}
	return ""
}

package targets

import (
	"bufio"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// maxLine bounds a line of the http format, in bytes, as vegeta does.
const maxLine = bufio.MaxScanTokenSize

// A line that begins a target is two words, of which the first has no colon: no
// header is.
var (
	words   = regexp.MustCompile(`^([^\s:{\[<"'@]+)\s+([^:\s].*)$`)
	bareURL = regexp.MustCompile(`^(?i:https?)://`)
)

// startsTarget splits a line that begins a target. Below another target, which may
// go on with headers, its method or its URL must be one.
func startsTarget(text string, below bool) (method, url string, ok bool) {
	match := words.FindStringSubmatch(text)
	if match == nil {
		return "", "", false
	}
	method, url = match[1], match[2]
	ok = bareURL.MatchString(url) || slices.Contains(Methods, method) || !below && strings.ToUpper(method) == method
	return method, url, ok
}

// httpFormat reads vegeta's http format: a method and a URL, headers, and @ with
// the file of the body. A target ends at an empty line, at its body's file, or
// where the next begins.
type httpFormat struct {
	*file
	open *draft // the target that is being read, or nil
	body bool   // within a body that stands in the file, where none can
}

func (f *file) readHTTP() {
	h := &httpFormat{file: f}
	for {
		raw, long, ok := f.lines.next(maxLine)
		if !ok {
			break
		}
		fault := checkText(raw, long, maxLine)
		if text := strings.TrimSpace(string(raw)); fault == nil {
			h.line(text)
		} else if !strings.HasPrefix(text, "#") {
			f.fault(h.open, f.lines.n, fault)
		}
	}
	f.finish(h.open)
}

func (h *httpFormat) line(text string) {
	switch {
	case text == "":
		h.end()
	case text[0] == '#':
	case h.begin(text):
	case h.body:
	case h.fault(h.open, h.lines.n, h.literal(text)):
	case bareURL.MatchString(text):
		h.refuse("a URL without a method", "write GET before it")
	case h.open == nil:
		h.stray(text)
	case text[0] == '@':
		h.bodyFile(h.open, h.lines.n, text[1:])
		h.end()
	default:
		h.field(text)
	}
}

// begin takes a line that begins a target, if it does.
func (h *httpFormat) begin(text string) bool {
	method, url, ok := startsTarget(text, h.open != nil || h.body)
	if !ok {
		return false
	}
	h.end()
	h.body = false
	h.open = &draft{Target: Target{Line: h.lines.n, Header: http.Header{}}}
	h.method(h.open, h.lines.n, method)
	h.url(h.open, h.lines.n, url)
	return true
}

func (h *httpFormat) end() {
	h.finish(h.open)
	h.open = nil
}

func (h *httpFormat) refuse(what, fix string) {
	h.fault(h.open, h.lines.n, &Fault{What: what, Fix: fix})
}

// inline refuses a body that stands in the file. One fault is enough for it, up to
// the next target.
func (h *httpFormat) inline() {
	h.body = true
	h.refuse("a body cannot stand in the file", "put it into a file of its own and write @file, or use the json format")
}

// stray reports a line outside a target.
func (h *httpFormat) stray(text string) {
	name, value, colon := strings.Cut(text, ":")
	switch {
	case text[0] == '{' && strings.Contains(text, `"url"`):
		h.body = true // one fault is enough for all of it
		h.refuse("is JSON", "write format: json below targets in the plan")
	case looksLikeBody(text):
		h.inline()
	case text[0] == '@':
		h.refuse("the file of a body without a target", "write a method and a URL above it; a target has one body, which ends it")
	case !strings.ContainsFunc(text, unicode.IsSpace) && strings.ToUpper(text) == text && !colon:
		h.refuse("method "+utf8text.Clip(text)+" has no URL", "write it on the same line")
	case colon && value != "" && !strings.ContainsAny(name, " \t"):
		h.refuse(named(name)+" is below no target", "write it directly below the method and URL; an empty line or the body's file ends a target")
	default:
		h.refuse("a line that begins "+quote(firstWord(text))+" is not a target", "write a method and a URL, such as GET http://127.0.0.1:8080/")
	}
}

// field reads a header.
func (h *httpFormat) field(text string) {
	colon := strings.IndexByte(text[1:], ':') + 1 // the first may begin a pseudo header
	name := strings.TrimSpace(text[:colon])
	value := strings.TrimSpace(text[colon:][min(1, len(text)-colon):])
	switch {
	case looksLikeBody(text):
		h.inline()
	case colon == 0:
		h.refuse("a line that begins "+quote(firstWord(text))+" is neither a header nor @ with the file of a body", "write Name: value, @file, or an empty line before the next target")
	case value == "":
		h.refuse(named(name)+" has no value", "write one, or remove the line; the json format has empty ones")
	default:
		h.header(h.open, h.lines.n, name, value)
	}
}

// looksLikeBody reports whether a line begins JSON, XML or a list, as no header
// does.
func looksLikeBody(text string) bool { return strings.ContainsRune(`{[<"`, rune(text[0])) }

// firstWord is as much of a line as a message shows: the rest may be a secret.
func firstWord(text string) string { return strings.Fields(text)[0] }

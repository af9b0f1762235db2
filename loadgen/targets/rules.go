package targets

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
)

// Methods are those that a request may have.
var Methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
}

// exampleURL is the fix of a URL that is none.
const exampleURL = "write one such as http://127.0.0.1:8080/path"

// leaveOut is the fix of a header that cannot be set.
const leaveOut = "leave it out"

// owned are the headers that cannot be set, and why.
var owned = map[string]string{
	"Traceparent":       "is the generator's: it names the trace of each request",
	"Tracestate":        "is the generator's: it names the run",
	"X-Vegeta-Seq":      "is the generator's: it numbers the requests",
	"Content-Length":    "follows from the body",
	"Transfer-Encoding": "follows from the body",
	"Trailer":           "is not supported",
}

// CheckMethod reports why a request cannot have a method, or nil.
func CheckMethod(method string) *Fault {
	if slices.Contains(Methods, method) {
		return nil
	}
	return &Fault{What: quote(method) + " is not supported", Fix: "write one of " + strings.Join(Methods, ", ")}
}

// ParseURL parses the URL of a request, or reports what is wrong with it. The
// fault does not show the URL's secrets.
func ParseURL(text string) (*url.URL, *Fault) {
	if fault := spaceIn(text); fault != nil {
		return nil, fault
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, &Fault{What: shown(text) + " is not a URL", Fix: exampleURL}
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &Fault{What: shown(text) + " does not begin with http:// or https://", Fix: exampleURL}
	case u.Hostname() == "":
		return nil, &Fault{What: shown(text) + " has no host", Fix: exampleURL}
	case hostname.URL(u) != nil:
		return nil, &Fault{What: hostname.URL(u).Error(), Fix: exampleURL}
	case !ValidPort(u.Port()) && strings.Contains(u.Path, "@"): // the port begins a password
		return nil, &Fault{What: shown(text) + " has no port from 1 to 65535", Fix: "write %2F for a slash in a password, or " + exampleURL}
	case !ValidPort(u.Port()):
		return nil, &Fault{What: "port " + utf8text.Clip(u.Port()) + " is not between 1 and 65535", Fix: exampleURL}
	case !validHost(u.Host):
		return nil, &Fault{What: shown(text) + " has a host that is none", Fix: exampleURL}
	}
	return u, nil
}

// shown is a URL in a message.
func shown(text string) string { return quote(loadgen.RedactFaulty(text)) }

// spaceIn refuses white space in a URL. Net/http would escape it in a path and
// send it as it is in a query, where it ends the URL.
func spaceIn(text string) *Fault {
	i := strings.IndexFunc(text, unicode.IsSpace)
	if i < 0 {
		return nil
	}
	rest := strings.TrimSpace(text[i:])
	switch r, _ := utf8.DecodeRuneInString(text[i:]); {
	case strings.HasPrefix(rest, "HTTP/") && !strings.ContainsAny(rest, " \t"):
		return &Fault{What: shown(text) + " has " + plaintext.Line(utf8text.Clip(rest)) + " after it", Fix: "leave that out: the plan's key protocol sets the version"}
	case r != ' ':
		return &Fault{What: fmt.Sprintf("%s has white space in it, %U", shown(text), r), Fix: "remove it, or write it as %XX"}
	}
	return &Fault{What: shown(text) + " has a space in it", Fix: "write %20 for a space"}
}

// ValidPort reports whether a port can be dialed; none is the scheme's own.
func ValidPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// validHost reports whether net/http sends a host, of a URL or a Host header.
func validHost(host string) bool {
	ascii, err := hostname.Port(host)
	return err == nil && httpguts.ValidHostHeader(ascii)
}

// CheckHeader reports why a header cannot be sent, or nil. Names are the same
// in any case.
func CheckHeader(name, value string) *Fault {
	canonical := http.CanonicalHeaderKey(name)
	switch {
	case strings.HasPrefix(name, ":"):
		return &Fault{What: quote(name) + " is a pseudo header of HTTP/2, which follows from method and URL", Fix: "leave it out, or write Host for another authority"}
	case !httpguts.ValidHeaderFieldName(name):
		return &Fault{What: quote(name) + " is not the name of a header", Fix: "use letters, digits and -"}
	case owned[canonical] != "":
		return &Fault{What: owned[canonical], Fix: leaveOut}
	case !httpguts.ValidHeaderFieldValue(value):
		return &Fault{What: "its value has characters that no header may have", Fix: "write text on one line"}
	case canonical == "Host" && (value == "" || strings.ContainsAny(value, "/?#@") || !validHost(value)):
		return &Fault{What: quote(value) + " is no host", Fix: "write one such as example.test"}
	}
	return nil
}

// CheckHTTP2 reports why a header cannot be sent where nothing but HTTP/2 is spoken,
// which has neither upgrades nor headers of a connection, or nil.
func CheckHTTP2(name, value string) *Fault {
	switch http.CanonicalHeaderKey(name) {
	case "Connection":
		if value == "" || strings.EqualFold(value, "close") || strings.EqualFold(value, "keep-alive") {
			return nil
		}
		return &Fault{What: "over HTTP/2 it is close or keep-alive", Fix: "write one of these, leave it out, or write protocol: http/1"}
	case "Upgrade":
		if value == "" {
			return nil
		}
		return &Fault{What: "HTTP/2 has no upgrades", Fix: "leave it out, or write protocol: http/1"}
	}
	return nil
}

// onlyOnce reports whether a request can have one header of a name only: of
// several, net/http would send the first.
func onlyOnce(canonical string) bool { return canonical == "Host" || canonical == "User-Agent" }

// action is what looks like an action of a template, such as {{.ID}} or
// {{newUUID}}.
var action = regexp.MustCompile(`\{\{[^{}]{1,200}\}\}`)

// CheckTemplate refuses a text of a request that would be sent with a template
// in it. HTTP attacks have none.
func CheckTemplate(text string) *Fault {
	if !strings.Contains(text, "{{") {
		return nil
	}
	found := action.FindString(text)
	if found == "" {
		return nil
	}
	return &Fault{What: quote(found) + " would be sent as it is: HTTP attacks have no templates", Fix: "write what is meant, or literal: true below http to send it so"}
}

// In the plan ${ begins an environment variable; elsewhere nothing is replaced.
// Text of a body is full of ${NAME}, so only ${env:NAME} is refused there.
var (
	variable     = regexp.MustCompile(`\$\{[^{}]{0,200}\}`)
	variableBody = regexp.MustCompile(`\$\{env:[^{}]{0,200}\}`)
)

// CheckLiteral refuses a URL or header that does not stand in the plan and would
// be sent with a template or a variable in it.
func CheckLiteral(text string) *Fault { return checkLiteral(text, variable) }

// CheckBody refuses a body that does not stand in the plan and would be sent with
// a template or a variable in it. A body that is not UTF-8 is not a text.
func CheckBody(body []byte) *Fault {
	if !bytes.Contains(body, []byte("{{")) && !bytes.Contains(body, []byte("${env:")) || !utf8.Valid(body) {
		return nil
	}
	return checkLiteral(string(body), variableBody)
}

func checkLiteral(text string, variable *regexp.Regexp) *Fault {
	if found := variable.FindString(text); found != "" {
		return &Fault{
			What: quote(found) + " would be sent as it is: variables are replaced in the plan only",
			Fix:  "write the value, or a header in the plan, or literal: true below http to send it so",
		}
	}
	return CheckTemplate(text)
}

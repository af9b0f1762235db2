package planfile

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
)

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
}

// owned are the headers that a plan cannot set, and why.
var owned = map[string]string{
	"Traceparent":       "is the generator's: it names the trace of each request",
	"Tracestate":        "is the generator's: it names the run",
	"X-Vegeta-Seq":      "is the generator's: it numbers the requests",
	"Content-Length":    "follows from the body",
	"Transfer-Encoding": "follows from the body",
	"Trailer":           "is not supported",
}

func (v *validator) http(h *loadgen.HTTP, key string) {
	switch {
	case h.Targets != nil:
		v.targets(h, key)
	case h.URL == "":
		v.add(key+".url", "is missing", "write url, or targets for a file of requests")
	default:
		v.url(h, key+".url")
	}
	if h.Targets == nil && !slices.Contains(methods, h.Method) {
		v.add(key+".method", quote(h.Method)+" is not supported", "write one of "+strings.Join(methods, ", "))
	}
	v.headers(h.Headers, key+".headers")
	if h.Body != "" && h.BodyFile != "" {
		v.add(key+".body_file", "there is a body too", "write body or body_file, not both")
	}
	v.protocol(h, key+".protocol")
	notNegative(v, key+".connections", h.Connections, "100")
	notNegative(v, key+".max_connections", h.MaxConnections, "100, or 0 for no limit")
	notNegative(v, key+".timeout", h.Timeout, "30s")
	notNegative(v, key+".redirects", h.Redirects, "10, or 0 to follow none")
	notNegative(v, key+".max_body", h.MaxBody, "100MiB")
	v.tls(h.TLS, key+".tls")
	v.files(httpFiles(h), key)
}

func (v *validator) targets(h *loadgen.HTTP, key string) {
	if h.URL != "" {
		v.add(key+".url", "there are targets too", "write url or targets, not both")
	}
	if h.Method != "" {
		v.add(key+".method", "there are targets, which have methods of their own", "leave it out")
	}
	if h.Targets.File == "" {
		v.add(key+".targets.file", "is missing", "name a file of targets")
	}
	if f := h.Targets.Format; f != loadgen.TargetsHTTP && f != loadgen.TargetsJSON {
		v.add(key+".targets.format", quote(string(f))+" is no format", "write http or json")
	}
}

func (v *validator) url(h *loadgen.HTTP, key string) {
	const example = "write one such as http://127.0.0.1:8080/path"
	u, err := url.Parse(h.URL)
	switch {
	case err != nil:
		v.add(key, quote(h.URL)+" is no URL", example)
	case u.Scheme != "http" && u.Scheme != "https":
		v.add(key, quote(h.URL)+" does not begin with http:// or https://", example)
	case u.Hostname() == "":
		v.add(key, quote(h.URL)+" has no host", example)
	case hostname.URL(u) != nil:
		v.add(key, hostname.URL(u).Error(), example)
	case !validPort(u.Port()):
		v.add(key, "port "+clip(u.Port())+" is not between 1 and 65535", example)
	case h.Protocol == loadgen.ProtocolHTTP2 && u.Scheme == "http":
		v.add(key, "protocol h2 needs TLS", "write https://, or protocol: h2c for HTTP/2 without TLS")
	case h.Protocol == loadgen.ProtocolH2C && u.Scheme == "https":
		v.add(key, "protocol h2c is without TLS", "write http://, or protocol: h2 for HTTP/2 over TLS")
	}
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// validHost reports whether a Host header can have a value, once an
// internationalised name is written as DNS has it.
func validHost(value string) bool {
	host, err := hostname.Port(value)
	return err == nil && httpguts.ValidHostHeader(host)
}

func (v *validator) headers(headers map[string]string, key string) {
	spelled := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		key, canonical := join(key, clip(name)), http.CanonicalHeaderKey(name)
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			v.add(key, quote(name)+" is no name of a header", "use letters, digits and -")
		case owned[canonical] != "":
			v.add(key, owned[canonical], "leave it out")
		case !httpguts.ValidHeaderFieldValue(headers[name]):
			v.add(key, "its value has characters that no header may have", "write text on one line")
		case canonical == "Host" && !validHost(headers[name]):
			v.add(key, quote(headers[name])+" is no host", "write one such as example.test")
		case spelled[canonical] != "":
			v.add(key, "is the same header as "+spelled[canonical], "remove one of the two")
		}
		spelled[canonical] = name
	}
}

func (v *validator) protocol(h *loadgen.HTTP, key string) {
	switch h.Protocol {
	case loadgen.ProtocolAuto, loadgen.ProtocolHTTP1, loadgen.ProtocolHTTP2, loadgen.ProtocolH2C:
	default:
		v.add(key, quote(string(h.Protocol))+" is no protocol", "write auto, http/1, h2 or h2c")
	}
}

func (v *validator) tls(t loadgen.TLS, key string) {
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		v.add(key+".key_file", "is missing beside cert_file", "name the file of the certificate's key")
	case t.KeyFile != "" && t.CertFile == "":
		v.add(key+".cert_file", "is missing beside key_file", "name the file of the key's certificate")
	}
}

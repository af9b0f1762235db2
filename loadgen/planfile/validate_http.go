package planfile

import (
	"maps"
	"net/http"
	"slices"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/targets"
)

func (v *validator) http(h *loadgen.HTTP, key string) {
	switch {
	case h.Targets != nil:
		v.targets(h, key)
	case h.URL == "":
		v.add(key+".url", "is missing", "write url, or targets for a file of requests")
	default:
		v.url(h, key+".url")
	}
	if h.Targets == nil {
		v.rule(key+".method", targets.CheckMethod(h.Method))
	}
	v.headers(h, key+".headers")
	v.template(h, key+".body", h.Body)
	if h.Body != "" && h.BodyFile != "" {
		v.add(key+".body_file", "there is a body too", "write body or body_file, not both")
	}
	v.protocol(h, key+".protocol")
	v.upTo(key+".connections", h.Connections, maxConnections, "100")
	v.upTo(key+".max_connections", h.MaxConnections, maxConnections, "100, or 0 for no limit")
	notNegative(v, key+".timeout", h.Timeout, "30s")
	v.upTo(key+".redirects", h.Redirects, maxRedirects, "10, or 0 to follow none")
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
		v.add(key+".targets.format", quote(string(f))+" is not a format", "write http or json")
	}
}

func (v *validator) url(h *loadgen.HTTP, key string) {
	if v.template(h, key, h.URL) {
		return
	}
	u, fault := targets.ParseURL(h.URL)
	switch {
	case v.rule(key, fault):
	case h.Protocol == loadgen.ProtocolHTTP2 && u.Scheme == "http":
		v.add(key, "protocol h2 needs TLS", "write https://, or protocol: h2c for HTTP/2 without TLS")
	case h.Protocol == loadgen.ProtocolH2C && u.Scheme == "https":
		v.add(key, "protocol h2c is without TLS", "write http://, or protocol: h2 for HTTP/2 over TLS")
	}
}

// rule adds the fault that a rule of what an attack may send found, if any.
func (v *validator) rule(key string, fault *targets.Fault) bool {
	if fault != nil {
		v.add(key, fault.What, fault.Fix)
	}
	return fault != nil
}

// template refuses a template in what is sent, unless it is to be sent as it is.
// A variable that still stands there was escaped, so it is wanted.
func (v *validator) template(h *loadgen.HTTP, key, text string) bool {
	return !h.Literal && v.rule(key, targets.CheckTemplate(text))
}

func (v *validator) headers(h *loadgen.HTTP, key string) {
	spelled := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(h.Headers)) {
		key, canonical := join(key, utf8text.Clip(name)), http.CanonicalHeaderKey(name)
		switch {
		case v.template(h, key, name+": "+h.Headers[name]):
		case v.rule(key, targets.CheckHeader(name, h.Headers[name])):
		case h.Protocol.Only2() && v.rule(key, targets.CheckHTTP2(name, h.Headers[name])):
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

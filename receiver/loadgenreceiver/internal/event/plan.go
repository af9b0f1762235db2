package event

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// PlanYAML is the plan without the values of headers, metadata, bodies and messages,
// and the secrets of URLs.
func PlanYAML(plan *loadgen.Plan) (string, error) {
	public := *plan
	public.Attacks = slices.Clone(plan.Attacks)
	for i := range public.Attacks {
		if h := public.Attacks[i].HTTP; h != nil {
			public.Attacks[i].HTTP = withoutSecrets(*h)
		}
		if g := public.Attacks[i].GRPC; g != nil {
			public.Attacks[i].GRPC = withoutMessages(*g)
		}
	}
	src, err := planfile.Write(&public)
	return string(src), err
}

func withoutSecrets(h loadgen.HTTP) *loadgen.HTTP {
	public := redacted(h.Headers)
	for name, value := range h.Headers {
		switch http.CanonicalHeaderKey(name) {
		case "Connection", "Upgrade": // no secrets, and not free: HTTP/2 allows few values
			public[name] = value
		}
	}
	h.Headers = public
	h.URL = loadgen.RedactURL(h.URL)
	if h.Body != "" {
		h.Body = fmt.Sprintf("[%s]", count(len(h.Body), "byte"))
	}
	return &h
}

// withoutMessages puts a text of JSON in the place of the messages.
func withoutMessages(g loadgen.GRPC) *loadgen.GRPC {
	g.Metadata = redacted(g.Metadata)
	if g.Data != "" {
		g.Data = fmt.Sprintf("%q", "["+count(len(g.Data), "byte")+"]")
	}
	return &g
}

func redacted(values map[string]string) map[string]string {
	names := make(map[string]string, len(values))
	for name := range values {
		names[name] = "[redacted]"
		if strings.HasSuffix(strings.ToLower(name), "-bin") { // of gRPC: must be base64
			names[name] = base64.StdEncoding.EncodeToString([]byte("[redacted]"))
		}
	}
	return names
}

package event

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// planYAML is the plan without the values of headers, bodies and user information.
func planYAML(plan *loadgen.Plan) (string, error) {
	told := *plan
	told.Attacks = slices.Clone(plan.Attacks)
	for i := range told.Attacks {
		if h := told.Attacks[i].HTTP; h != nil {
			told.Attacks[i].HTTP = withoutSecrets(*h)
		}
	}
	src, err := planfile.Write(&told)
	return string(src), err
}

func withoutSecrets(h loadgen.HTTP) *loadgen.HTTP {
	headers := make(map[string]string, len(h.Headers))
	for name := range h.Headers {
		headers[name] = "[redacted]"
	}
	h.Headers = headers
	if u, err := url.Parse(h.URL); err == nil && u.User != nil {
		u.User = url.User("[redacted]")
		h.URL = u.String()
	}
	if h.Body != "" {
		h.Body = fmt.Sprintf("[%s]", count(len(h.Body), "byte"))
	}
	return &h
}

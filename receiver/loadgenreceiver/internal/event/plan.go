package event

import (
	"fmt"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// planYAML is the plan without the values of headers and bodies, and the secrets of URLs.
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
	h.URL = loadgen.RedactURL(h.URL)
	if h.Body != "" {
		h.Body = fmt.Sprintf("[%s]", count(len(h.Body), "byte"))
	}
	return &h
}

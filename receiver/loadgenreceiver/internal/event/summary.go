package event

import (
	"encoding/json"
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// summaryJSON is the summary without the secrets of URLs, and without what bad answers
// say, which may be anything: it goes to the terminal and to the user's file only.
func summaryJSON(sum *summary.Summary) (string, error) {
	public := *sum
	public.Attacks = slices.Clone(sum.Attacks)
	for i := range public.Attacks {
		public.Attacks[i].Target = loadgen.RedactURL(public.Attacks[i].Target)
		public.Attacks[i].Excerpts = nil
	}
	public.Total.Excerpts = nil
	public.Slowest, public.Failures = withRedactedURLs(sum.Slowest), withRedactedURLs(sum.Failures)
	src, err := json.Marshal(&public)
	return string(src), err
}

func withRedactedURLs(requests []summary.Request) []summary.Request {
	requests = slices.Clone(requests)
	for i := range requests {
		requests[i].URL = loadgen.RedactURL(requests[i].URL)
	}
	return requests
}

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
	told := *sum
	told.Attacks = slices.Clone(sum.Attacks)
	for i := range told.Attacks {
		told.Attacks[i].Target = loadgen.RedactURL(told.Attacks[i].Target)
		told.Attacks[i].Excerpts = nil
	}
	told.Total.Excerpts = nil
	told.Slowest, told.Failures = withRedactedURLs(sum.Slowest), withRedactedURLs(sum.Failures)
	src, err := json.Marshal(&told)
	return string(src), err
}

func withRedactedURLs(requests []summary.Request) []summary.Request {
	requests = slices.Clone(requests)
	for i := range requests {
		requests[i].URL = loadgen.RedactURL(requests[i].URL)
	}
	return requests
}

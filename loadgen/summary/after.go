package summary

import (
	"slices"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Fault adds an error of loadtrace itself that is found after the verdict, which is
// undecided then. One that is known stays one.
func (s *Summary) Fault(sentence string) {
	if slices.Contains(s.Faults, sentence) {
		return
	}
	s.Faults = append(s.Faults, sentence)
	s.Verdict.Doubt(sentence)
}

// WithoutSecrets is a copy of the summary without the secrets of URLs.
func (s *Summary) WithoutSecrets() *Summary {
	shown := *s
	shown.Attacks = slices.Clone(s.Attacks)
	for i := range shown.Attacks {
		shown.Attacks[i].Target = loadgen.RedactURL(shown.Attacks[i].Target)
	}
	shown.Slowest, shown.Failures = withRedactedURLs(s.Slowest), withRedactedURLs(s.Failures)
	return &shown
}

func withRedactedURLs(requests []Request) []Request {
	requests = slices.Clone(requests)
	for i := range requests {
		requests[i].URL = loadgen.RedactURL(requests[i].URL)
	}
	return requests
}

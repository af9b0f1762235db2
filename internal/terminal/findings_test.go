package terminal

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// diagnosed is a run that names two causes.
func diagnosed() summary.Summary {
	s := severalAttacks()
	s.Findings = []summary.Finding{
		{
			Kind: summary.FindingGoroutineLeak, Confidence: 0.99, Basis: summary.BasisDose,
			Sentence: "957 goroutines leak per 1000 requests: they run shop.refresh and wait for ever in a channel send at store.go:88",
			Evidence: []summary.FindingEvidence{
				{Source: "goroutine_profile", Text: "Goroutines grow by 957 per 1000 requests (95 % interval 949 to 965).", Value: new(957.0), Stack: []string{"store.refresh (store.go:88)", "store.Get.func1 (store.go:71)"}},
				{Source: "traces", Text: "After the load 99 % of them stay.", TraceIDs: []string{"4f0c719a5520b3ee4f0c719a5520b3ee"}},
			},
			Try:    []string{"End these goroutines with the request."},
			Refute: []string{"With twice the requests, as many goroutines stay."},
		},
		{
			Kind: summary.FindingLockContention, Confidence: 0.7, Basis: summary.BasisMeasured, Cost: 0.05,
			Sentence: "Requests wait for a lock for 141 µs on average",
			Evidence: []summary.FindingEvidence{{Source: "runtime_metrics", Text: "Goroutines waited."}},
			Try:      []string{"Do less under the lock."}, Refute: []string{"It is the same at half the rate."},
		},
	}
	s.Diagnosis = &summary.Diagnosis{
		Looked: []string{"traces"}, Blind: []string{"No events of GC cycles came."},
		Profiles: &summary.Profiles{URL: "http://127.0.0.1:6060/debug/pprof/", Taken: 17, Bytes: 85_372, Took: 0.117, Troubles: []string{"ask for heap: the target answers 404"}},
	}
	return s
}

func TestACauseIsNamedBelowTheVerdictWithWhatItRestsOn(t *testing.T) {
	page := text(func(b *bytes.Buffer) { Summary(b, diagnosed(), Options{}) })
	at := strings.Index(page, "cause    99 % sure: 957 goroutines leak")
	assert.Greater(t, at, strings.Index(page, "verdict  "))
	assert.Contains(t, page[at:], "Goroutines grow by 957")
	assert.Contains(t, page[at:], "→ End these goroutines")
	assert.Contains(t, page[at:], "cause    70 % sure: Requests wait for a lock")
}

func TestFindingsAreDrawnWithTheirEvidenceAndWhatWouldRefuteThem(t *testing.T) {
	s := diagnosed()
	requireGolden(t, "findings.txt", text(func(b *bytes.Buffer) { Findings(b, &s, Options{}) }))
	s.Findings = nil
	assert.Contains(t, text(func(b *bytes.Buffer) { Findings(b, &s, Options{}) }), "No cause is named.")
	for line := range strings.Lines(text(func(b *bytes.Buffer) { s := diagnosed(); Findings(b, &s, Options{Width: 60}) })) {
		assert.LessOrEqual(t, width(strings.TrimSuffix(line, "\n")), 60)
	}
}

// A generator in trouble was once said twice: in the box, and as a cause below it.
func TestAGeneratorInTroubleIsSaidOnce(t *testing.T) {
	s := diagnosed()
	s.Findings = []summary.Finding{{Kind: summary.FindingGenerator, Sentence: "The generator was in trouble", Confidence: 0.9}}
	assert.NotContains(t, text(func(b *bytes.Buffer) { Summary(b, s, Options{}) }), "The generator was in trouble")
	assert.Contains(t, text(func(b *bytes.Buffer) { Findings(b, &s, Options{}) }), "The generator was in trouble")
}

package loadgen

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestASamplerKeepsItsPart(t *testing.T) {
	run := NewRunID()
	for _, part := range []float64{0, 0.01, 0.1, 0.5, 0.9, 1} {
		s, kept := NewSampler(part), 0
		for n := range uint64(100_000) {
			if s.Keeps(run.TraceID(0, n)) {
				kept++
			}
		}
		assert.InDelta(t, part, float64(kept)/100_000, 0.006, "%v", part)
		assert.Equal(t, part == 1, s.All())
	}
	assert.True(t, Sampler{}.All())
	assert.True(t, Sampler{}.Keeps(TraceID{}))
}

// What a low rate keeps, a higher one keeps too.
func TestSamplersOfAllRatesAgree(t *testing.T) {
	run := NewRunID()
	low, high := NewSampler(0.1), NewSampler(0.3)
	for n := range uint64(10_000) {
		if id := run.TraceID(0, n); low.Keeps(id) {
			assert.True(t, high.Keeps(id))
		}
	}
}

// The examples of the specification.
func TestTheThresholdIsWrittenAsOthersReadIt(t *testing.T) {
	assert.Equal(t, "ot=th:0", NewSampler(1).State())
	assert.Equal(t, "ot=th:8", NewSampler(0.5).State())
	assert.Equal(t, "ot=th:c", NewSampler(0.25).State())
	assert.Equal(t, "ot=th:e66666666666", NewSampler(0.1).State()[:len("ot=th:e66666666666")])
	assert.Empty(t, NewSampler(0).State())
}

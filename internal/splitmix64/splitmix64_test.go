package splitmix64

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The first numbers of the authors' own code (splitmix64.c) for the seed 1234567.
func TestTheNumbersAreThoseOfTheReference(t *testing.T) {
	s := Source(1234567)
	for _, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		assert.Equal(t, want, s.Uint64())
	}
	assert.Zero(t, Mix(0))
}

func TestUnmixUndoesMix(t *testing.T) {
	s := Source(1)
	for range 1000 {
		z := s.Uint64()
		assert.Equal(t, z, Unmix(Mix(z)))
	}
}

package badinput

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAMarkedErrorKeepsItsTextAndItsCause(t *testing.T) {
	cause := errors.New("--rate 0: give 1 to 100000")
	err := fmt.Errorf("round 1: %w", Error(cause))
	assert.True(t, Is(err))
	assert.ErrorIs(t, err, cause)
	assert.EqualError(t, err, "round 1: --rate 0: give 1 to 100000")
	assert.True(t, Is(errors.Join(errors.New("other"), err)))
	assert.False(t, Is(cause))
	assert.False(t, Is(nil))
}

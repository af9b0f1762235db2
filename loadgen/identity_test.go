package loadgen

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestATraceTellsWhichRequestItIsOf(t *testing.T) {
	id := NewRunID()
	for _, of := range []struct {
		attack int
		seq    uint64
	}{{0, 0}, {0, 1}, {3, 123_456_789}, {1<<16 - 1, maxSeq - 1}} {
		attack, seq, ok := id.Request(id.TraceID(of.attack, of.seq))
		require.True(t, ok)
		assert.Equal(t, of.attack, attack)
		assert.Equal(t, of.seq, seq)
	}
	_, _, ok := id.Request(NewRunID().TraceID(0, 0))
	assert.False(t, ok)
}

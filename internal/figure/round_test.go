package figure

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFigureIsWrittenWithSixDigits(t *testing.T) {
	for value, want := range map[float64]string{
		99.99999999999999: "100", 121.81818181818181: "121.818", 0.05472636815920398: "0.0547264", 0: "0", -1.0000001: "-1",
		1234567: "1.23457e+06", 0.1 + 0.2: "0.3", 100: "100",
	} {
		var back float64
		got, err := json.Marshal(Round(value))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(want), &back))
		assert.InDelta(t, back, Round(value), 0)
		assert.LessOrEqual(t, len(got), 10, "%s", got)
	}
	assert.True(t, math.IsInf(Round(math.Inf(1)), 1))
	assert.True(t, math.IsNaN(Round(math.NaN())))
	assert.InDelta(t, math.MaxFloat64, Round(math.MaxFloat64), math.MaxFloat64/1e5)
}

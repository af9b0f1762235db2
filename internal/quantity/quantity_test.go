package quantity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/internal/quantity"
)

// The tests of internal/terminal have more, through its own functions.
func TestAFigureIsWrittenWithItsUnit(t *testing.T) {
	assert.Equal(t, "-1.50 µs", quantity.Took(-1500))
	assert.Equal(t, "12.3 ms", quantity.Seconds(0.012345678))
	assert.Equal(t, "0", quantity.Seconds(0.1e-9))
	assert.Equal(t, "2 min 05 s", quantity.Long(125*time.Second))
	assert.Equal(t, "1,234,567", quantity.Count(1_234_567))
	assert.Equal(t, "33.3/s", quantity.Rate(33.333))
	assert.Equal(t, ">99.9 %", quantity.Share(999_999, 1_000_000))
	assert.Equal(t, "3.00 GiB", quantity.Size(3<<30))
	assert.Equal(t, "1 span", quantity.Some(1, "span", "spans"))
}

func TestAChangeIsAPartAndFromTwiceAsMuchOnAFactor(t *testing.T) {
	assert.Equal(t, "+10.0 %", quantity.Change(1, 1.1))
	assert.Equal(t, "-50.0 %", quantity.Change(2, 1))
	assert.Equal(t, "2.00-fold", quantity.Change(1, 2))
	assert.Equal(t, "over 100-fold", quantity.Change(1, 1000))
	assert.Empty(t, quantity.Change(0, 1))
}

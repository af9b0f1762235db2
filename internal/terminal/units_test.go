package terminal

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDurationsHaveThreeSignificantDigits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0", 1: "1 ns", 999: "999 ns", 1000: "1.00 µs", 9_994: "9.99 µs", 9_996: "10.0 µs", 99_960: "100 µs",
		999_499: "999 µs", 999_500: "1.00 ms", 12_345_678: "12.3 ms", 999_600_000: "1.00 s", 123 * time.Second: "123 s",
		-1500: "-1.50 µs",
	} {
		assert.Equal(t, want, Options{}.took(d))
	}
	assert.Equal(t, "1.00 us", Options{ASCII: true}.took(time.Microsecond))
}

func TestLongTimesAreInMinutesAndHours(t *testing.T) {
	for d, want := range map[time.Duration]string{
		12 * time.Millisecond: "12 ms", 1500 * time.Millisecond: "1.5 s", 59_960 * time.Millisecond: "1 min 00 s",
		125 * time.Second: "2 min 05 s", 3*time.Hour + 7*time.Minute: "3 h 07 min",
	} {
		assert.Equal(t, want, Options{}.long(d))
	}
}

func TestRatesAndCountsAndSizesAreShort(t *testing.T) {
	for r, want := range map[float64]string{
		0: "0/s", 0.5: "0.5/s", 0.001: "3.6/h", 1: "1/s", 33.33: "33.3/s", 120: "120/s", 999.6: "1,000/s", 12345.6: "12,346/s",
	} {
		assert.Equal(t, want, rate(r))
	}
	assert.Equal(t, "999", count(999))
	assert.Equal(t, "1,234,567", count(1_234_567))
	assert.Equal(t, "999 B", size(999))
	assert.Equal(t, "1.00 KiB", size(1024))
	assert.Equal(t, "3.00 GiB", size(3<<30))
}

func TestLessThanAllIsNeverAHundredPercentAndSomeIsNeverNone(t *testing.T) {
	assert.Equal(t, ">99.9 %", share(999_999, 1_000_000))
	assert.Equal(t, "<0.1 %", share(1, 1_000_000))
	assert.Equal(t, "100 %", share(7, 7))
	assert.Equal(t, "0 %", share(0, 7))
	assert.Equal(t, "99.9 %", share(999, 1000))
	assert.Empty(t, share(0, 0))
}

func TestTextIsCutToItsColumnsWithItsColoursClosed(t *testing.T) {
	o := Options{Color: true}
	rapid.Check(t, func(t *rapid.T) {
		plain := o.clean(rapid.StringOfN(rapid.SampledFrom([]rune("ab 漢字é😀")), 0, 30, -1).Draw(t, "text"))
		n := rapid.IntRange(1, 30).Draw(t, "columns")
		s := o.paint(red, plain) + o.paint(bold, plain)
		got := o.cut(s, n)
		require.LessOrEqual(t, width(got), n)
		codes := sgr.FindAllString(got, -1)
		if len(codes) > 0 {
			require.Equal(t, "\x1b[0m", codes[len(codes)-1])
		}
		require.LessOrEqual(t, width(o.cutMiddle(plain, n)), n)
	})
	assert.Equal(t, "GET /au…validate", Options{}.cutMiddle("GET /auth/and/more/validate", 16))
}

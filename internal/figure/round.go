package figure

import "strconv"

// digits is what a figure keeps. Histograms are within 0.6 %, and no clock here is good to
// a millionth over a run.
const digits = 6

// Round returns the float nearest to value with six significant digits, which JSON
// writes as such: 99.99999999999999 becomes 100. Infinities and NaN stay.
func Round(value float64) float64 { return RoundTo(value, digits) }

// RoundTo returns the float nearest to value with so many significant digits.
func RoundTo(value float64, digits int) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', digits, 64), 64)
	if err != nil {
		return value // out of range: rounded up from the greatest float
	}
	return rounded
}

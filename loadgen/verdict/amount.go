package verdict

import (
	"math"
	"strconv"
	"strings"
)

// Amount writes a value in the unit of a Result for people: 29.6 ms, 1.25 %, 480/s.
func Amount(value float64, unit string) string {
	switch unit {
	case "ratio":
		return digits(100*value) + " %"
	case "1/s":
		return digits(value) + "/s"
	}
	for _, u := range []struct {
		size float64
		name string
	}{{1, " s"}, {1e-3, " ms"}, {1e-6, " µs"}} {
		if math.Abs(value) >= 0.9995*u.size {
			return digits(value/u.size) + u.name
		}
	}
	return digits(value*1e9) + " ns"
}

// digits writes three significant digits, or all of a whole number, without an
// exponent and without zeros that end a fraction.
func digits(v float64) string {
	decimals := 2
	if v != 0 {
		decimals = max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	}
	s := strconv.FormatFloat(v, 'f', min(decimals, 9), 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Symbol is the sign of the limit.
func (r *Result) Symbol() string {
	if r.AtLeast {
		return "≥"
	}
	return "≤"
}

// Allowed is the limit in words, such as ≤ 200 ms.
func (r *Result) Allowed() string { return r.Symbol() + " " + Amount(r.Limit, r.Unit) }

// Measured is the value in words.
func (r *Result) Measured() string {
	if r.Value == nil {
		return "no samples"
	}
	return Amount(*r.Value, r.Unit)
}

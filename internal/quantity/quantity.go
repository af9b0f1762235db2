package quantity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Digits writes v > 0 with three significant digits, without an exponent.
func Digits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
}

// Took writes a duration with three significant digits and a unit.
func Took(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	v := float64(d)
	switch {
	case d == 0:
		return "0"
	case v < 999.5:
		return sign + strconv.FormatInt(int64(d), 10) + " ns"
	case v < 999.5e3:
		return sign + Digits(v/1e3) + " µs"
	case v < 999.5e6:
		return sign + Digits(v/1e6) + " ms"
	default:
		return sign + Digits(v/1e9) + " s"
	}
}

// Seconds is Took of a number of seconds.
func Seconds(s float64) string { return Took(time.Duration(math.Round(s * 1e9))) }

// Long writes how long something lasts, in minutes and hours where it does.
func Long(d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute-50*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h > 0 {
		return fmt.Sprintf("%d h %02d min", h, m)
	}
	return fmt.Sprintf("%d min %02d s", m, s)
}

// Count writes a number with its thousands apart.
func Count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Rate writes a number per second.
func Rate(r float64) string {
	switch {
	case r <= 0:
		return "0/s"
	case r < 0.00995:
		return strconv.FormatFloat(r*3600, 'g', 3, 64) + "/h"
	case r < 999.5:
		return short(Digits(r)) + "/s"
	default:
		return Count(uint64(math.Round(r))) + "/s"
	}
}

// short drops zeros that end a fraction.
func short(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Share writes n of all in percent. Less than all is never 100 %, more than none
// never 0 %.
func Share(n, all uint64) string {
	if all == 0 {
		return ""
	}
	return Percent(float64(n)/float64(all), n == all)
}

// Percent writes a part of 1 in percent. It is 100 % only if it is the whole.
func Percent(part float64, whole bool) string {
	switch p := 100 * part; {
	case p == 0:
		return "0 %"
	case whole:
		return "100 %"
	case p < 0.05:
		return "<0.1 %"
	case p >= 99.95:
		return ">99.9 %"
	default:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	}
}

// Size writes bytes with three significant digits and a binary unit.
func Size(n int64) string {
	v := float64(n)
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if v < 999.5 {
			if unit == "B" {
				return strconv.FormatInt(n, 10) + " B"
			}
			return Digits(v) + " " + unit
		}
		v /= 1024
	}
	return Digits(v) + " TiB"
}

// Some writes a number with its noun.
func Some(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Change writes how far b is from a, as a part of a, or, from twice as much on, as a factor;
// empty if one of them is not above 0.
func Change(a, b float64) string {
	switch {
	case a <= 0 || b <= 0:
		return ""
	case b >= 100*a:
		return "over 100-fold"
	case b >= 2*a:
		return Digits(b/a) + "-fold"
	}
	return fmt.Sprintf("%+.1f %%", 100*(b-a)/a)
}

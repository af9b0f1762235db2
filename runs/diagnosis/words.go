package diagnosis

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// number writes a figure with three digits.
func number(v float64) string {
	if math.Abs(v) >= 999.5 {
		return strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// percent has two digits, of which 100 % would need three.
func percent(v float64) string { return fmt.Sprintf("%.2g %%", min(100*v, 99.4)) }

func size(bytes float64) string {
	for _, u := range []struct {
		least float64
		name  string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if bytes >= u.least {
			return number(bytes/u.least) + " " + u.name
		}
	}
	return number(bytes) + " B"
}

func duration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return number(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return number(float64(d)/1e6) + " ms"
	}
	return number(float64(d)/1e3) + " µs"
}

func seconds(s float64) string { return duration(time.Duration(s * float64(time.Second))) }

// plural counts things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

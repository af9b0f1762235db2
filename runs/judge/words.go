package judge

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// String returns the change in words, on one line.
func (c Change) String() string {
	text := fmt.Sprintf("%s: %s", c.Figure, c.Verdict)
	if c.Spread > 0 {
		text += fmt.Sprintf(", %s (%s … %s) over %d rounds", signed(c.Ratio), signed(c.Low), signed(c.High), c.Rounds)
	}
	if c.Why != "" {
		text += ": " + c.Why
	}
	return text
}

// String returns a line with the verdict, one for each figure, and what the intervals
// mean.
func (c Comparison) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", c.Verdict)
	for _, change := range c.Changes {
		fmt.Fprintf(&b, "  %s\n", change)
	}
	switch n := len(c.Changes); {
	case n > 1:
		fmt.Fprintf(&b, "all %d intervals hold at once with %s confidence (Dunn)", n, percent(c.Confidence))
	default:
		fmt.Fprintf(&b, "the interval has %s confidence", percent(c.Confidence))
	}
	if c.Anytime {
		b.WriteString(", after any number of rounds")
	}
	return b.String()
}

// signed writes a ratio as a change.
func signed(ratio float64) string {
	switch {
	case ratio >= 1e6:
		return "+∞"
	case ratio >= 3:
		return strconv.FormatFloat(ratio, 'g', 3, 64) + "×"
	case ratio >= 1:
		return "+" + percent(ratio-1)
	}
	return "−" + percent(1-ratio)
}

// percent writes a share with the digits that it deserves.
func percent(share float64) string {
	p := 100 * share
	digits := 0
	switch size := math.Abs(p); {
	case size != 0 && size < 0.1:
		return strconv.FormatFloat(p, 'g', 2, 64) + " %"
	case size < 10:
		digits = 1
	}
	text := strconv.FormatFloat(p, 'f', digits, 64)
	return strings.TrimSuffix(text, ".0") + " %"
}

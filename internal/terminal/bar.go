package terminal

import (
	"math"
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// bar fills a part of n columns from the left; any part above 0 is seen.
func (o Options) bar(part float64, n int) string {
	part = min(max(part, 0), 1)
	if o.ASCII {
		full := int(math.Round(part * float64(n)))
		if full == 0 && part > 0 {
			return left(".", n)
		}
		return left(strings.Repeat("#", full), n)
	}
	eighths := int(math.Round(part * float64(n) * 8))
	if part > 0 {
		eighths = max(eighths, 1)
	}
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return left(s, n)
}

// spark draws counts as heights. What is not 0 is seen.
func (o Options) spark(bins []summary.Bin) string {
	levels := []rune(o.pick("▁▂▃▄▅▆▇█", ".:-=+*%#"))
	highest := slices.MaxFunc(bins, func(a, b summary.Bin) int {
		return int(min(max(int64(a.Count)-int64(b.Count), -1), 1))
	}).Count
	var s strings.Builder
	for _, b := range bins {
		if b.Count == 0 {
			s.WriteByte(' ')
			continue
		}
		height := math.Ceil(float64(b.Count) / float64(highest) * float64(len(levels)))
		s.WriteRune(levels[max(int(height), 1)-1])
	}
	return s.String()
}

// interval draws where a part from..to of n columns lies, to half a column; any
// part is seen. A thin one is drawn as a line.
func (o Options) interval(from, to float64, n int, thin bool) string {
	full, first, second := o.pick("█", "="), o.pick("▌", "="), o.pick("▐", "=")
	if thin {
		full, first, second = o.pick("━", "-"), o.pick("╸", "-"), o.pick("╺", "-")
	}
	halves := 2 * n
	a := min(max(int(math.Floor(from*float64(halves)+1e-9)), 0), halves-1)
	b := max(min(int(math.Ceil(to*float64(halves)-1e-9)), halves), a+1)
	var s strings.Builder
	for i := range n {
		switch l, r := a <= 2*i && 2*i < b, a <= 2*i+1 && 2*i+1 < b; {
		case l && r:
			s.WriteString(full)
		case l:
			s.WriteString(first)
		case r:
			s.WriteString(second)
		default:
			s.WriteByte(' ')
		}
	}
	return s.String()
}

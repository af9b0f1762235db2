package terminal

import (
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func digits(v float64) string { return quantity.Digits(v) }

// took writes a duration with three significant digits and a unit.
func (o Options) took(d time.Duration) string { return o.micro(quantity.Took(d)) }

func (o Options) seconds(s summary.Seconds) string { return o.micro(quantity.Seconds(float64(s))) }

// micro writes a duration with the characters that may be used.
func (o Options) micro(s string) string {
	if o.ASCII {
		return strings.ReplaceAll(s, "µ", "u")
	}
	return s
}

// long writes how long something lasts, in minutes and hours where it does.
func (o Options) long(d time.Duration) string { return quantity.Long(d) }

func count(n uint64) string                   { return quantity.Count(n) }
func rate(r float64) string                   { return quantity.Rate(r) }
func share(n, all uint64) string              { return quantity.Share(n, all) }
func percent(part float64, whole bool) string { return quantity.Percent(part, whole) }
func size(n int64) string                     { return quantity.Size(n) }
func some(n uint64, one, many string) string  { return quantity.Some(n, one, many) }

package planfile

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// misread is why a text is no value of its key, and what to write.
type misread struct{ what, fix string }

var number = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// parseDuration reads 500ms, 30s, 1m30s, 2h.
func parseDuration(s string) (time.Duration, *misread) {
	if number.MatchString(s) {
		n := utf8text.Clip(s)
		return 0, &misread{n + " has no unit", "write " + n + "s or " + n + "ms"}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, &misread{quote(s) + " is not a duration", "write one such as 500ms, 30s or 1h30m (units ns, us, ms, s, m, h)"}
	}
	return d, nil
}

func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var perSecond = map[string]float64{"s": 1, "m": 60, "h": 3600}

// parseRate reads 500/s, 30/m, 0.5/h.
func parseRate(s string) (pace.Rate, *misread) {
	n, unit, found := strings.Cut(s, "/")
	if !number.MatchString(n) {
		return 0, &misread{quote(s) + " is not a rate", "write one such as 500/s, 30/m or 10/h"}
	}
	if !found {
		n := utf8text.Clip(n)
		return 0, &misread{n + " has no unit", "write " + n + "/s, or /m or /h"}
	}
	per, ok := perSecond[unit]
	if !ok {
		return 0, &misread{quote(s) + " is not per second, minute or hour", "write " + utf8text.Clip(n) + "/s, /m or /h"}
	}
	f, err := strconv.ParseFloat(n, 64)
	if err != nil {
		return 0, &misread{quote(s) + " is too large", "write a smaller rate"}
	}
	return pace.Rate(f / per), nil
}

// formatRate is exact: parseRate gives the same number again.
func formatRate(r pace.Rate) string {
	return strconv.FormatFloat(float64(r), 'f', -1, 64) + "/s"
}

// sizes are the units of Bytes, the largest first and at equal power the
// binary one first.
var sizes = []struct {
	unit  string
	bytes int64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9},
	{"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

const sizeUnits = "B, KiB, MiB, GiB, TiB, or KB, MB, GB, TB for powers of 1000"

// parseBytes reads 100B, 512KiB, 64MiB, 10MB: whole numbers of a unit.
func parseBytes(s string) (loadgen.Bytes, *misread) {
	digits := strings.TrimRight(s, "TiGMKkB")
	unit := strings.TrimSpace(s[len(digits):])
	if unit == "" && number.MatchString(s) {
		n := utf8text.Clip(s)
		return 0, &misread{n + " has no unit", "write " + n + "B or " + n + "MiB (units " + sizeUnits + ")"}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	for _, size := range sizes {
		if err != nil || size.unit != unit {
			continue
		}
		if n > math.MaxInt64/size.bytes || n < -math.MaxInt64/size.bytes {
			return 0, &misread{quote(s) + " is too large", "write a smaller size"}
		}
		return loadgen.Bytes(n * size.bytes), nil
	}
	return 0, &misread{quote(s) + " is not a size", "write a whole number with a unit, such as 512KiB or 64MiB (units " + sizeUnits + ")"}
}

func formatBytes(b loadgen.Bytes) string {
	for _, size := range sizes {
		if b != 0 && int64(b)%size.bytes == 0 {
			return fmt.Sprintf("%d%s", int64(b)/size.bytes, size.unit)
		}
	}
	return "0B"
}

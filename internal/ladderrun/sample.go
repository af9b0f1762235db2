package ladderrun

import (
	"os"

	"github.com/loadtrace/loadtrace/internal/demo"
	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// sampleOf is what a run showed, but for the goroutines. f is the part that counts.
// Without a good answer there is no rate: a service that refuses may do so quickly.
func sampleOf(sum *summary.Summary, f summary.Figures) ladder.Sample {
	rate := f.RateAchieved
	if f.Requests.OK == 0 {
		rate = 0
	}
	return ladder.Sample{
		Rate: rate, P50: float64(f.ServiceTime.P50), P99: float64(f.ServiceTime.P99),
		Sent: f.Requests.Sent(), Errors: f.Requests.Sent() - f.Requests.OK,
		Doubts: sum.Verdict.Reasons,
	}
}

// ending is the last that was written to a file.
func ending(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	at := max(0, info.Size()-demo.TailLimit)
	text := make([]byte, info.Size()-at)
	n, _ := f.ReadAt(text, at)
	return string(text[:n])
}

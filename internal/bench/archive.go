package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/loadtrace/loadtrace/runs/archive"
)

// kept is a run with or without an archive.
type kept struct {
	cpu   float64 // processors busy, of the run's time
	peak  float64 // resident memory at its most, in MB
	bytes float64 // of requests.parquet for each request
}

// archived measures what the archive costs at a rate: the same run without and with it,
// in turn. The processor's time has the compaction at the end of the run in it.
func archived(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("archive", flag.ExitOnError)
	rounds := flags.Int("rounds", 5, "rounds, each without and with an archive")
	rate := flags.Int("rate", 20_000, "requests per second")
	duration := flags.Duration("duration", 10*time.Second, "of each run")
	flags.Parse(args)
	b, err := newBed(ctx, "nginx")
	if err != nil {
		return err
	}
	defer b.close()
	var without, with []kept
	for range *rounds {
		k, err := b.keeping(ctx, *rate, *duration, "none")
		if err != nil {
			return err
		}
		without = append(without, k)
		if k, err = b.keeping(ctx, *rate, *duration, filepath.Join(b.dir, "runs")); err != nil {
			return err
		}
		with = append(with, k)
	}
	of := func(f func(with, without kept) float64) float64 {
		var v []float64
		for i := range with {
			v = append(v, f(with[i], without[i]))
		}
		return median(v)
	}
	fmt.Println("| | processors busy | peak of resident memory | bytes per request |")
	fmt.Println("|---|---|---|---|")
	fmt.Printf("| without | %.3f | %.1f MB | |\n", of(func(_, n kept) float64 { return n.cpu }), of(func(_, n kept) float64 { return n.peak }))
	fmt.Printf("| with | %.3f | %.1f MB | %.1f |\n", of(func(w, _ kept) float64 { return w.cpu }), of(func(w, _ kept) float64 { return w.peak }),
		of(func(w, _ kept) float64 { return w.bytes }))
	fmt.Printf("| more, median of pairs | %+.3f | %+.1f MB | |\n", of(func(w, n kept) float64 { return w.cpu - n.cpu }), of(func(w, n kept) float64 { return w.peak - n.peak }))
	return nil
}

func (b *bed) keeping(ctx context.Context, rate int, d time.Duration, root string) (kept, error) {
	sum, u, err := b.attack(ctx, fmt.Sprintf("{constant: %d/s, duration: %s}", rate, d), "--archive", root, "--listen", "none")
	if err != nil {
		return kept{}, err
	}
	k := kept{cpu: u.cpu.Seconds() / d.Seconds(), peak: float64(u.peak) / 1e6}
	if root == "none" {
		return k, nil
	}
	dir, err := archive.Find(root, sum.RunID)
	if err != nil {
		return k, err
	}
	info, err := os.Stat(filepath.Join(dir, "requests.parquet"))
	if err != nil {
		return k, err
	}
	k.bytes = float64(info.Size()) / float64(max(1, sum.Total.Requests.Planned))
	return k, archive.Remove(dir)
}

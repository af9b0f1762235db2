package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// figures of one closed-loop attack.
type figures struct {
	rate float64       // requests per second
	cpu  time.Duration // of the generator, per request
}

// rival is one side of a comparison: it attacks once and gives its figures.
type rival func(ctx context.Context, workers int, d time.Duration) (figures, error)

// vegetaRivals attacks the same target with loadtrace, with stock vegeta and with
// wrk, in turn, in a closed loop of the same number of requests under way.
func vegetaRivals(ctx context.Context, args []string) error {
	b, err := newBed(ctx, "nginx")
	if err != nil {
		return err
	}
	defer b.close()
	bin, err := bin(ctx, b.dir, "github.com/tsenart/vegeta/v12")
	if err != nil {
		return err
	}
	return duel(ctx, "vegeta", args, b.closedLoop, func(ctx context.Context, workers int, d time.Duration) (figures, error) {
		return b.vegeta(ctx, bin, workers, d)
	}, b.wrk)
}

// duel runs two rivals in turn and prints the ratios of the pairs. limit, if any,
// takes its turn too.
func duel(ctx context.Context, name string, args []string, ours, theirs, limit rival) error {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	pairs := flags.Int("pairs", 7, "alternating pairs of runs")
	duration := flags.Duration("duration", 5*time.Second, "of each run")
	workers := flags.Int("workers", 50, "requests under way")
	flags.Parse(args)
	var a, b, most []figures
	for range *pairs {
		o, err := ours(ctx, *workers, *duration)
		if err != nil {
			return err
		}
		t, err := theirs(ctx, *workers, *duration)
		if err != nil {
			return err
		}
		a, b = append(a, o), append(b, t)
		if limit == nil {
			continue
		}
		l, err := limit(ctx, *workers, *duration)
		if err != nil {
			return err
		}
		most = append(most, l)
	}
	report(name, a, b)
	if limit != nil {
		report("wrk", a, most)
	}
	return nil
}

func (b *bed) closedLoop(ctx context.Context, workers int, d time.Duration) (figures, error) {
	sum, u, err := b.attack(ctx, fmt.Sprintf("{max: {workers: %d}, duration: %s}", workers, d))
	if err != nil {
		return figures{}, err
	}
	n := sum.Total.Requests.Finished
	return figures{float64(n) / d.Seconds(), u.cpu / time.Duration(max(1, n))}, nil
}

func (b *bed) vegeta(ctx context.Context, bin string, workers int, d time.Duration) (figures, error) {
	results := filepath.Join(b.dir, "vegeta.bin")
	cmd, err := pinned(ctx, generatorCPU, bin, "attack", "-rate=0", fmt.Sprintf("-workers=%d", workers),
		fmt.Sprintf("-max-workers=%d", workers), "-duration="+d.String(), "-output="+results)
	if err != nil {
		return figures{}, err
	}
	cmd.Stdin = strings.NewReader("GET http://" + b.target.address + "/\n")
	u, err := run(cmd)
	if err != nil {
		return figures{}, fmt.Errorf("vegeta attack: %w", err)
	}
	out, err := exec.CommandContext(ctx, bin, "report", "-type=json", results).Output()
	if err != nil {
		return figures{}, fmt.Errorf("vegeta report: %w", err)
	}
	var r struct {
		Requests uint64  `json:"requests"`
		Success  float64 `json:"success"`
	}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&r); err != nil {
		return figures{}, err
	}
	if r.Success < 1 {
		return figures{}, fmt.Errorf("vegeta: only %.4f of its requests succeeded", r.Success)
	}
	return figures{float64(r.Requests) / d.Seconds(), u.cpu / time.Duration(max(1, r.Requests))}, nil
}

func report(name string, ours, theirs []figures) {
	fmt.Printf("| | loadtrace, a span per request | %s, no spans | ratio (median of pairs) | min … max |\n", name)
	fmt.Println("|---|---|---|---|---|")
	row := func(name, unit string, of func(figures) float64) {
		var a, b, ratio []float64
		for i := range ours {
			a, b = append(a, of(ours[i])), append(b, of(theirs[i]))
			ratio = append(ratio, a[i]/b[i])
		}
		fmt.Printf("| %s | %.1f %s | %.1f %s | %.2f | %.2f … %.2f |\n", name, median(a), unit, median(b), unit,
			median(ratio), slices.Min(ratio), slices.Max(ratio))
	}
	row("requests per second", "/s", func(f figures) float64 { return f.rate })
	row("CPU per request", "µs", func(f figures) float64 { return float64(f.cpu) / 1e3 })
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

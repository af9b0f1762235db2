package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// taxed is one closed loop with a part of its requests traced.
type taxed struct {
	figures
	p50, p99 float64 // of the service time, in milliseconds
}

// tax measures what spans over OTLP cost the attack: the same closed loop with
// none, some and all of its requests sampled, in turn.
func tax(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("tax", flag.ExitOnError)
	rounds := flags.Int("rounds", 7, "rounds, each with all parts in turn")
	duration := flags.Duration("duration", 3*time.Second, "of each run")
	flags.Parse(args)
	b, err := newBed(ctx, "nginx")
	if err != nil {
		return err
	}
	defer b.close()
	s, err := startChild(ctx, "sink")
	if err != nil {
		return err
	}
	defer s.stop()
	parts := []string{"0", "0.01", "0.1", "1"}
	all := make([][]taxed, len(parts))
	for range *rounds {
		for i, part := range parts {
			t, err := b.taxedBy(ctx, part, *duration, s.address)
			if err != nil {
				return err
			}
			all[i] = append(all[i], t)
		}
	}
	fmt.Println("| spans | requests per second | of that without | p50 | p99 | added p50 | added p99 | CPU per request |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for i, part := range parts {
		of := func(f func(a, none taxed) float64) float64 {
			var v []float64
			for k := range all[i] {
				v = append(v, f(all[i][k], all[0][k]))
			}
			return median(v)
		}
		fmt.Printf("| %s | %.0f /s | %.2f | %.3f ms | %.3f ms | %+.3f ms | %+.3f ms | %.1f µs |\n", part,
			of(func(a, _ taxed) float64 { return a.rate }), of(func(a, n taxed) float64 { return a.rate / n.rate }),
			of(func(a, _ taxed) float64 { return a.p50 }), of(func(a, _ taxed) float64 { return a.p99 }),
			of(func(a, n taxed) float64 { return a.p50 - n.p50 }), of(func(a, n taxed) float64 { return a.p99 - n.p99 }),
			of(func(a, _ taxed) float64 { return float64(a.cpu) / 1e3 }))
	}
	return nil
}

func (b *bed) taxedBy(ctx context.Context, part string, d time.Duration, sink string) (taxed, error) {
	sum, u, err := b.attack(ctx, fmt.Sprintf("{max: {workers: 50}, duration: %s}", d), "--set", "sampling="+part, "--otlp", "grpc://"+sink)
	if err != nil {
		return taxed{}, err
	}
	n := sum.Total.Requests.Finished
	inMs := func(s summary.Seconds) float64 { return float64(s) * 1e3 }
	q := sum.Total.ServiceTime
	return taxed{figures{float64(n) / d.Seconds(), u.cpu / time.Duration(max(1, n))}, inMs(q.P50), inMs(q.P99)}, nil
}

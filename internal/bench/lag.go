package main

import (
	"context"
	"flag"
	"fmt"
	"time"
)

// lag finds the greatest rate in a closed loop, and then how late requests are
// sent in an open loop of half of it.
func lag(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("lag", flag.ExitOnError)
	duration := flags.Duration("duration", 20*time.Second, "of each run at half of the greatest rate")
	runs := flags.Int("runs", 3, "runs of each kind")
	flags.Parse(args)
	b, err := newBed(ctx, "nginx")
	if err != nil {
		return err
	}
	defer b.close()
	most, err := b.closedLoop(ctx, 50, 5*time.Second)
	if err != nil {
		return err
	}
	fmt.Println("| spans go to | rate | sent | dropped | lag p50 | lag p99 | lag p99.9 | CPU |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for range *runs {
		if err := b.lagAt(ctx, "a nop exporter", most.rate/2, *duration); err != nil {
			return err
		}
		s, err := startChild(ctx, "sink")
		if err != nil {
			return err
		}
		err = b.lagAt(ctx, "a sink over OTLP", most.rate/2, *duration, "--otlp", "grpc://"+s.address)
		s.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bed) lagAt(ctx context.Context, to string, rate float64, d time.Duration, flags ...string) error {
	sum, u, err := b.attack(ctx, fmt.Sprintf("{ramp: {from: %.0f/s, to: %.0f/s}, duration: 2s}, {constant: %.0f/s, duration: %s}", rate/10, rate, rate, d), flags...)
	if err != nil {
		return err
	}
	t := sum.Total
	fmt.Printf("| %s | %.0f/s | %d of %d | %d | %s | %s | %s | %.0f %% of a core |\n", to, rate, t.Requests.Sent(), t.Requests.Planned,
		sum.Telemetry.SpansDropped, ms(t.Lag.P50), ms(t.Lag.P99), ms(t.Lag.P999), 100*u.cpu.Seconds()/u.wall.Seconds())
	return nil
}

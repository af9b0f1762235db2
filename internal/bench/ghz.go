package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

const (
	connections = 4
	method      = "grpc.health.v1.Health/Check"
)

// ghzRivals calls the same method with loadtrace and with stock ghz, in turn,
// with as many calls under way over as many connections.
func ghzRivals(ctx context.Context, args []string) error {
	b, err := newBed(ctx, "health")
	if err != nil {
		return err
	}
	defer b.close()
	bin, err := bin(ctx, b.dir, "github.com/bojand/ghz/cmd/ghz")
	if err != nil {
		return err
	}
	return duel(ctx, "ghz", args, b.calls, func(ctx context.Context, workers int, d time.Duration) (figures, error) {
		return b.ghz(ctx, bin, workers, d)
	}, nil)
}

func (b *bed) calls(ctx context.Context, workers int, d time.Duration) (figures, error) {
	plan, err := b.planOf(
		fmt.Sprintf("grpc: {target: '%s', method: %s, plaintext: true, connections: %d}", b.target.address, method, connections),
		fmt.Sprintf("{max: {workers: %d}, duration: %s}", workers, d))
	if err != nil {
		return figures{}, err
	}
	sum, u, err := b.carryOut(ctx, plan)
	if err != nil {
		return figures{}, err
	}
	n := sum.Total.Requests.OK
	return figures{float64(n) / d.Seconds(), u.cpu / time.Duration(max(1, n))}, nil
}

func (b *bed) ghz(ctx context.Context, bin string, workers int, d time.Duration) (figures, error) {
	cmd, err := pinned(ctx, generatorCPU, bin, "--insecure", "--call", method, "--concurrency", fmt.Sprint(workers),
		"--connections", fmt.Sprint(connections), "--duration", d.String(), "--format", "json", b.target.address)
	if err != nil {
		return figures{}, err
	}
	u, err := run(cmd)
	if err != nil {
		return figures{}, fmt.Errorf("ghz: %w", err)
	}
	var r struct {
		Codes map[string]uint64 `json:"statusCodeDistribution"`
	}
	if err := json.Unmarshal(u.out, &r); err != nil {
		return figures{}, fmt.Errorf("ghz: %w", err)
	}
	n := r.Codes["OK"]
	return figures{float64(n) / d.Seconds(), u.cpu / time.Duration(max(1, n))}, nil
}

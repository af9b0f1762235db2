package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
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
	plan, err := b.callsPlan(fmt.Sprintf("{max: {workers: %d}, duration: %s}", workers, d))
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

// callsPlan writes a plan of calls of the target's method.
func (b *bed) callsPlan(stages string) (string, error) {
	return b.planOf(fmt.Sprintf("grpc: {target: '%s', method: %s, plaintext: true, connections: %d}",
		b.target.address, method, connections), stages)
}

func (b *bed) ghz(ctx context.Context, bin string, workers int, d time.Duration) (figures, error) {
	cmd, err := b.stockGHZ(ctx, bin, workers, "--duration", d.String())
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

// stockGHZ is the command that calls the target's method, for a time or a number
// of calls, and reports in JSON.
func (b *bed) stockGHZ(ctx context.Context, bin string, workers int, until ...string) (*exec.Cmd, error) {
	args := append([]string{"--insecure", "--call", method, "--concurrency", fmt.Sprint(workers),
		"--connections", fmt.Sprint(connections), "--format", "json"}, until...)
	return pinned(ctx, generatorCPU, bin, append(args, b.target.address)...)
}

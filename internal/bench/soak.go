package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// bed is a target, and a folder with the generator's binary and plan.
type bed struct {
	dir       string
	loadtrace string
	target    *child
}

// newBed starts the target of a name: nginx, or one of our own.
func newBed(ctx context.Context, target string, args ...string) (*bed, error) {
	dir, err := os.MkdirTemp("", "loadtrace-bench")
	if err != nil {
		return nil, err
	}
	b := &bed{dir: dir}
	if b.loadtrace, err = bin(ctx, dir, "./cmd/loadtrace"); err != nil {
		return nil, err
	}
	if target == "nginx" {
		b.target, err = startNginx(ctx, dir)
	} else {
		b.target, err = startChild(ctx, target, args...)
	}
	return b, err
}

func (b *bed) close() {
	b.target.stop()
	os.RemoveAll(b.dir)
}

// plan writes a plan with the stages, given as YAML, over HTTP. Connections are bounded: on
// one processor, opening one for every request that finds the others busy is
// more work than the requests, and the generator never gets out of it.
func (b *bed) plan(stages string) (string, error) {
	return b.planOf(fmt.Sprintf("http: {url: 'http://%s/', max_connections: 100}", b.target.address), stages)
}

// planOf writes a plan of an attack and its stages.
func (b *bed) planOf(attack, stages string) (string, error) {
	path := filepath.Join(b.dir, "plan.yaml")
	plan := fmt.Sprintf("name: bench\nattacks:\n  - name: hello\n    %s\n    load: [%s]\n%s", attack, stages, trusting)
	return path, os.WriteFile(path, []byte(plan), 0o600)
}

// trusting has loadtrace go up to its limits without a verdict: what it does there
// is what is measured.
const trusting = "trust: {schedule_lag: 24h, connection_wait: 24h, cpu_throttled: 100%, cpu_steal: 100%, scheduler_latency: 24h}\n"

// attack runs loadtrace on its processor and returns its summary.
func (b *bed) attack(ctx context.Context, stages string, flags ...string) (summary.Summary, usage, error) {
	plan, err := b.plan(stages)
	if err != nil {
		return summary.Summary{}, usage{}, err
	}
	return b.carryOut(ctx, plan, flags...)
}

func (b *bed) carryOut(ctx context.Context, plan string, flags ...string) (summary.Summary, usage, error) {
	var sum summary.Summary
	cmd, err := pinned(ctx, generatorCPU, b.loadtrace, append([]string{"run", plan, "--json", "--quiet", "--archive", "none"}, flags...)...)
	if err != nil {
		return sum, usage{}, err
	}
	u, err := run(cmd)
	if err != nil {
		return sum, u, fmt.Errorf("loadtrace run: %w: %s", err, u.out)
	}
	return sum, u, json.Unmarshal(u.out, &sum)
}

// soak attacks at a rate, after a ramp of two seconds, with every span sent to a
// sink.
func soak(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("soak", flag.ExitOnError)
	rate := flags.Int("rate", 5000, "requests per second")
	duration := flags.Duration("duration", time.Minute, "how long")
	flags.Parse(args)
	b, err := newBed(ctx, "server")
	if err != nil {
		return err
	}
	defer b.close()
	s, err := startChild(ctx, "sink")
	if err != nil {
		return err
	}
	sum, u, err := b.attack(ctx, fmt.Sprintf("{ramp: {from: %d/s, to: %d/s}, duration: 2s}, {constant: %d/s, duration: %s}", *rate/10, *rate, *rate, *duration), "--otlp", "grpc://"+s.address)
	arrived := s.stop()
	if err != nil {
		return err
	}
	t := sum.Total
	fmt.Printf("| rate | duration | planned | sent | client spans at the sink | spans dropped | lag p50 | lag p99 | lag p99.9 | CPU |\n")
	fmt.Printf("|---|---|---|---|---|---|---|---|---|---|\n")
	fmt.Printf("| %d/s | %s | %d | %d | %s | %d | %s | %s | %s | %.0f %% of a core |\n", *rate, *duration,
		t.Requests.Planned, t.Requests.Sent(), arrived, sum.Telemetry.SpansDropped,
		ms(t.Lag.P50), ms(t.Lag.P99), ms(t.Lag.P999), 100*u.cpu.Seconds()/u.wall.Seconds())
	return nil
}

func ms(s summary.Seconds) string { return fmt.Sprintf("%.3f ms", float64(s)*1e3) }

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os/exec"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// memory makes many requests and watches the generator's resident memory.
func memory(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("memory", flag.ExitOnError)
	count := flags.Int("count", 2_000_000, "requests")
	workers := flags.Int("workers", 50, "requests under way")
	settle := flags.Duration("settle", time.Minute, "when growth begins to count")
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
	plan, err := b.plan(fmt.Sprintf("{max: {workers: %d}, count: %d}", *workers, *count))
	if err != nil {
		return err
	}
	began := time.Now()
	_, settled, peak, err := b.watched(ctx, *settle, plan, "--otlp", "grpc://"+s.address)
	if err != nil {
		return err
	}
	if settled == 0 {
		return fmt.Errorf("the run ended after %s, before --settle", time.Since(began).Round(time.Second))
	}
	fmt.Printf("| requests | client spans at the sink | took | resident after %s | peak after | growth |\n|---|---|---|---|---|---|\n", *settle)
	fmt.Printf("| %d | %s | %s | %.1f MB | %.1f MB | %+.1f %% |\n", *count, s.stop(), time.Since(began).Round(time.Second),
		float64(settled)/1e6, float64(peak)/1e6, 100*float64(peak-settled)/float64(settled))
	return nil
}

// watched runs loadtrace and watches its memory.
func (b *bed) watched(ctx context.Context, settle time.Duration, plan string, args ...string) (sum summary.Summary, settled, peak int64, err error) {
	cmd, err := pinned(ctx, generatorCPU, b.loadtrace, append([]string{"run", plan, "--json", "--quiet", "--archive", "none"}, args...)...)
	if err != nil {
		return sum, 0, 0, err
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return sum, 0, 0, err
	}
	if settled, peak, err = watchMemory(cmd, settle); err != nil {
		return sum, 0, 0, fmt.Errorf("loadtrace run: %w: %s", err, &out)
	}
	return sum, settled, peak, json.Unmarshal(out.Bytes(), &sum)
}

// watchMemory reads the resident memory of a process every second until it ends:
// once it has settled, and the most after that.
func watchMemory(cmd *exec.Cmd, settle time.Duration) (settled, peak int64, err error) {
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	begin := time.After(settle)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-over:
			return settled, peak, err
		case <-begin:
			settled, _ = resident(cmd.Process.Pid)
		case <-tick.C:
			now, _ := resident(cmd.Process.Pid) // fails only while it is ending
			if settled > 0 {
				peak = max(peak, now)
			}
		}
	}
}

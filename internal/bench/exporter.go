package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// exporter measures what being scraped once a second costs the demo service, in
// alternating windows with and without.
func exporter(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("exporter", flag.ExitOnError)
	pairs := flags.Int("pairs", 5, "pairs of windows")
	window := flags.Duration("window", 10*time.Second, "length of a window")
	flags.Parse(args)
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	target, err := startCommand(ctx, dir, "./cmd/target", "--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--otlp=", "--exit-with-parent")
	if err != nil {
		return err
	}
	defer target.stop()
	e, err := startCommand(ctx, dir, "./cmd/exporter", "--service=auth-service", "--target="+target.address, "--listen=127.0.0.1:0")
	if err != nil {
		return err
	}
	defer e.stop()
	var idle, scraped []float64
	var took []time.Duration
	for range *pairs {
		share, _, err := spent(ctx, target.cmd.Process.Pid, *window, "")
		if err != nil {
			return err
		}
		idle = append(idle, share)
		share, times, err := spent(ctx, target.cmd.Process.Pid, *window, "http://"+e.address+"/metrics")
		if err != nil {
			return err
		}
		scraped, took = append(scraped, share), append(took, times...)
	}
	cost := make([]float64, len(idle))
	for i := range cost {
		cost[i] = scraped[i] - idle[i]
	}
	first := took[0]
	slices.Sort(cost)
	slices.Sort(took)
	fmt.Printf("target, %% of a processor: idle %.3f, scraped once a second %.3f (means)\n", mean(idle), mean(scraped))
	fmt.Printf("cost of the scrapes: median %.3f %%, %.3f … %.3f\n", cost[len(cost)/2], cost[0], cost[len(cost)-1])
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(time.Microsecond) }
	fmt.Printf("a scrape: median %v, p95 %v, slowest %v of %d; the first of all %v\n", at(.5), at(.95), at(1), len(took), first.Round(time.Microsecond))
	return nil
}

// startCommand builds a command of ours that tells its addresses as JSON, and
// starts it.
func startCommand(ctx context.Context, dir, pkg string, args ...string) (*child, error) {
	name, err := bin(ctx, dir, pkg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", pkg, err)
	}
	c := &child{cmd: cmd, out: bufio.NewReader(out), cancel: cancel}
	var addresses struct{ HTTP string }
	line, err := c.out.ReadBytes('\n')
	if err = errors.Join(err, json.Unmarshal(line, &addresses)); err != nil {
		c.stop()
		return nil, fmt.Errorf("start %s: %w", pkg, err)
	}
	c.address = addresses.HTTP
	return c, nil
}

// spent is the share of a processor that a process takes for a while, in
// percent, during which the URL is asked for once a second.
func spent(ctx context.Context, pid int, window time.Duration, url string) (share float64, took []time.Duration, err error) {
	before, err := processorTime(pid)
	if err != nil {
		return 0, nil, err
	}
	begin := time.Now()
	over := time.After(window)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		case <-over:
			after, err := processorTime(pid)
			return 100 * (after - before).Seconds() / time.Since(begin).Seconds(), took, err
		case <-tick.C:
			if url == "" {
				continue
			}
			one, err := fetch(url)
			if err != nil {
				return 0, nil, err
			}
			took = append(took, one)
		}
	}
}

func fetch(url string) (time.Duration, error) {
	begin := time.Now()
	response, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && !strings.Contains(string(body), "go_memory_used_bytes") {
		err = fmt.Errorf("no runtime in what %s answers", url)
	}
	return time.Since(begin), err
}

// processorTime of all threads that a process has, to the nanosecond; rusage of
// a process that still runs is only to the hundredth of a second.
func processorTime(pid int) (total time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no /proc/%d/task/*/schedstat: is the process there, and this Linux?", pid)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil { // the thread has ended
			continue
		}
		ns, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(ns, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(n)
	}
	return total, err
}

func mean(values []float64) (m float64) {
	for _, v := range values {
		m += v / float64(len(values))
	}
	return m
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/loadtrace/loadtrace/internal/demo"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// named counts what runs of one fault at one rate named.
type named struct {
	runs, first, any, silent int
	others                   map[string]int // named first instead
	lag                      int            // runs whose generator was in trouble
}

// diagnose runs the demo service with each of its faults and without one, and counts how
// often the fault is named, and named first. Of a healthy service it counts the runs that
// name nothing of it.
func diagnose(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("diagnose", flag.ExitOnError)
	runs := flags.Int("runs", 20, "runs of each fault at each rate")
	duration := flags.Duration("duration", 10*time.Second, "of each run")
	rates := flags.String("rates", "150,600", "requests a second")
	faults := flags.String("faults", "none,goroutine-leak,gc-pressure,pool-exhaustion,lock-contention", "faults, or none")
	keep := flags.String("keep", "", "a folder for the summaries")
	program := flags.String("loadtrace", "", "the program, instead of building it")
	flags.Parse(args)
	dir, err := os.MkdirTemp("", "loadtrace-diagnose")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *program == "" {
		if *program, err = bin(ctx, dir, "./cmd/loadtrace"); err != nil {
			return err
		}
	}
	d := diagnosing{program: *program, dir: dir, keep: *keep, duration: *duration}
	fmt.Println("| fault | rate | runs | named first | named at all | nothing named | named first instead | generator in trouble |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for rate := range strings.SplitSeq(*rates, ",") {
		for fault := range strings.SplitSeq(*faults, ",") {
			n, err := d.count(ctx, fault, rate, *runs)
			if err != nil {
				return err
			}
			fmt.Printf("| %s | %s/s | %d | %d | %d | %d | %v | %d |\n", fault, rate, n.runs, n.first, n.any, n.silent, n.others, n.lag)
		}
	}
	return nil
}

type diagnosing struct {
	program, dir, keep string
	duration           time.Duration
}

func (d *diagnosing) count(ctx context.Context, fault, rate string, runs int) (named, error) {
	n := named{others: map[string]int{}}
	for i := range runs {
		s, err := d.once(ctx, fault, rate)
		if err != nil {
			return n, fmt.Errorf("%s at %s/s: %w", fault, rate, err)
		}
		if d.keep != "" {
			text, _ := json.Marshal(s)
			os.WriteFile(filepath.Join(d.keep, fmt.Sprintf("%s-%s-%d.json", fault, rate, i)), text, 0o644)
		}
		n.add(fault, s)
	}
	return n, nil
}

// add counts a run. That the generator was in trouble is no finding about the service.
func (n *named) add(fault string, s *summary.Summary) {
	n.runs++
	want, first := strings.ReplaceAll(fault, "-", "_"), true
	for _, f := range s.Findings {
		if f.Kind == summary.FindingGenerator {
			n.lag++
			continue
		}
		switch {
		case string(f.Kind) == want:
			n.any++
			if first {
				n.first++
			}
		case first:
			n.others[string(f.Kind)]++
		}
		first = false
	}
	if first {
		n.silent++
	}
}

// once runs the service, warms it up, and attacks it.
func (d *diagnosing) once(ctx context.Context, fault, rate string) (*summary.Summary, error) {
	if fault == "none" {
		fault = ""
	}
	port, err := free()
	if err != nil {
		return nil, err
	}
	listen := fmt.Sprintf("http://127.0.0.1:%d", port)
	service, err := demo.Start(ctx, demo.Launch{Program: []string{d.program, "target"}, Flags: []string{"--fault", fault, "--otlp", listen, "--log-level", "info"}})
	if err != nil {
		return nil, err
	}
	defer service.Stop()
	plan, err := d.plan(service.HTTP)
	if err != nil {
		return nil, err
	}
	if _, err := d.attack(ctx, plan, "none", "{max: {workers: 4}, count: 3000}"); err != nil {
		return nil, fmt.Errorf("warm up: %w", err)
	}
	return d.attack(ctx, plan, listen, fmt.Sprintf("{poisson: {rate: %s/s}, duration: %s}", rate, d.duration),
		"--set", "profiles.url=http://"+service.HTTP+"/debug/pprof/")
}

func (d *diagnosing) attack(ctx context.Context, plan, listen, load string, more ...string) (*summary.Summary, error) {
	args := append([]string{"run", plan, "--quiet", "--json", "--listen", listen, "--set", "attacks[0].load=[" + load + "]"}, more...)
	cmd := exec.CommandContext(ctx, d.program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.Output()
	var s summary.Summary
	if json.Unmarshal(out, &s) == nil && s.RunID != "" {
		return &s, nil // whatever its verdict
	}
	return nil, errors.Join(err, errors.New("it printed no summary"))
}

// plan attacks with the tokens of the demo: a few get most requests.
func (d *diagnosing) plan(address string) (string, error) {
	var targets strings.Builder
	random := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		fmt.Fprintf(&targets, "GET http://%s/auth/validate\nAuthorization: Bearer demo-%04d\n\n", address, 1+int(math.Pow(random.Float64(), 4)*5000))
	}
	plan := filepath.Join(d.dir, "plan.yaml")
	return plan, errors.Join(
		os.WriteFile(filepath.Join(d.dir, "tokens.http"), []byte(targets.String()), 0o600),
		os.WriteFile(plan, []byte("name: diagnose\nattacks: [{http: {targets: {file: tokens.http}, timeout: 5s}, load: [{constant: 1/s, duration: 1s}]}]\n"), 0o600))
}

// free is a port that was free a moment ago.
func free() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

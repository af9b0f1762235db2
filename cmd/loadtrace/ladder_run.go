package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/loadtrace/loadtrace/internal/demotarget/token"
	"github.com/loadtrace/loadtrace/internal/demotarget/tune"
	"github.com/loadtrace/loadtrace/internal/ladder"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

//go:embed ladder.yaml
var ladderPlan []byte

// measuredAttack is the one of ladder.yaml that counts.
const measuredAttack = 1

// run measures a variant once, in a process of its own.
func run(ctx context.Context, dir string, v step) (s ladder.Sample, err error) {
	said, err := os.Create(filepath.Join(dir, "service.log"))
	if err != nil {
		return s, err
	}
	defer said.Close()
	subject, err := v.start(ctx, dir, said)
	if err != nil {
		return s, fmt.Errorf("%w\n%s", err, ending(said))
	}
	defer subject.stop()
	seen := watchGoroutines(subject.address)
	sum, err := attackUnseen(ctx, subject.plan, &caught{})
	most := seen.most()
	if err != nil {
		return s, err
	}
	s = subject.sample(&sum)
	s.Goroutines = most
	return s, nil
}

// demo starts the demo service with steps of tuning.
func (c *climb) demo(set tune.Set) func(context.Context, string, *os.File) (*subject, error) {
	return func(ctx context.Context, dir string, said *os.File) (*subject, error) {
		service, err := startService(ctx, launch{under: c.under(), stderr: said, flags: []string{
			"--otlp=", "--store-latency=0s", "--store-tail=0", "--error-share=0", "--tune=" + set.String(),
		}})
		if err != nil {
			return nil, err
		}
		plan, err := c.plan(dir, service.HTTP)
		if err != nil {
			service.stop()
			return nil, err
		}
		return &subject{plan, service.HTTP, func(sum *summary.Summary) ladder.Sample {
			return sampleOf(sum, sum.Attacks[measuredAttack].Figures)
		}, service.stop}, nil
	}
}

// under pins the service to its processors, where that is wanted. Go takes their
// number for GOMAXPROCS.
func (c *climb) under() []string {
	if c.cpus == "" {
		return nil
	}
	return []string{"taskset", "--cpu-list", c.cpus}
}

// plan attacks the service at an address.
func (c *climb) plan(dir, address string) (*loadgen.Plan, error) {
	path := filepath.Join(dir, "ladder.yaml")
	for name, content := range map[string][]byte{path: ladderPlan, filepath.Join(dir, "authorize.http"): goodTokens(address)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return nil, err
		}
	}
	return planfile.Load(path, c.sets()...)
}

// sets are what the flags say of the plan.
func (c *climb) sets() (list []string) {
	for attack, d := range map[string]time.Duration{"warm-up": c.warmUp, "measured": c.duration} {
		key := "attacks." + attack + "."
		list = append(list,
			fmt.Sprintf("%sload[0].duration=%s", key, d),
			fmt.Sprintf("%sload[0].max.workers=%d", key, c.workers),
			fmt.Sprintf("%sworkers=%d", key, c.workers),
			fmt.Sprintf("%smax_workers=%d", key, c.workers))
	}
	return list
}

// goodTokens are a request with each of the demo tokens that is good, so that
// each is asked for at the store: going round all of them, the service's cache
// never has the one that is next.
func goodTokens(address string) []byte {
	var targets bytes.Buffer
	now := time.Now()
	for n := 1; n <= token.Demos; n++ {
		if !token.DemoClaims(n).Expired(now) {
			fmt.Fprintf(&targets, "POST http://%s/auth/authorize\nAuthorization: Bearer %s\n\n", address, token.Demo(n))
		}
	}
	return targets.Bytes()
}

// sampleOf is what a run showed, but for the goroutines. f is the part that counts.
// Without a good answer there is no rate: a service that refuses may do so quickly.
func sampleOf(sum *summary.Summary, f summary.Figures) ladder.Sample {
	rate := f.RateAchieved
	if f.Requests.OK == 0 {
		rate = 0
	}
	return ladder.Sample{
		Rate: rate, P50: float64(f.ServiceTime.P50), P99: float64(f.ServiceTime.P99),
		Sent: f.Requests.Sent(), Errors: f.Requests.Sent() - f.Requests.OK,
		Doubts: sum.Verdict.Reasons,
	}
}

// ending is the last that was written to a file.
func ending(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	at := max(0, info.Size()-tailLimit)
	text := make([]byte, info.Size()-at)
	n, _ := f.ReadAt(text, at)
	return string(text[:n])
}

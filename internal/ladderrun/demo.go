package ladderrun

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/loadtrace/loadtrace/internal/demo"
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

// Demo is the demo service with more and more of its mistakes fixed, and the load that
// measures it.
type Demo struct {
	Program          []string // the service, with its first arguments
	Under            []string // a program that runs it, with arguments; none if empty
	Workers          int
	Duration, WarmUp time.Duration
}

// Prepare returns the variants, from no fix to all of them, each with one more.
func (d *Demo) Prepare() []Variant {
	set := tune.None
	list := []Variant{{ladder.Variant{Name: "none"}, d.start(set)}}
	for _, s := range tune.Steps() {
		set = set.With(s.Step)
		list = append(list, Variant{ladder.Variant{Name: s.Name, Mistake: s.Mistake, Fix: s.Fix}, d.start(set)})
	}
	return list
}

// start starts the demo service with steps of tuning.
func (d *Demo) start(set tune.Set) func(context.Context, string, *os.File) (*subject, error) {
	return func(ctx context.Context, dir string, log *os.File) (*subject, error) {
		service, err := demo.Start(ctx, demo.Launch{Program: d.Program, Under: d.Under, Stderr: log, Flags: []string{
			"--otlp=", "--store-latency=0s", "--store-tail=0", "--error-share=0", "--tune=" + set.String(),
		}})
		if err != nil {
			return nil, err
		}
		plan, err := d.plan(dir, service.HTTP)
		if err != nil {
			service.Stop()
			return nil, err
		}
		return &subject{plan, service.HTTP, func(sum *summary.Summary) ladder.Sample {
			return sampleOf(sum, sum.Attacks[measuredAttack].Figures)
		}, service.Stop}, nil
	}
}

// plan attacks the service at an address.
func (d *Demo) plan(dir, address string) (*loadgen.Plan, error) {
	path := filepath.Join(dir, "ladder.yaml")
	for name, content := range map[string][]byte{path: ladderPlan, filepath.Join(dir, "authorize.http"): goodTokens(address)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return nil, err
		}
	}
	return planfile.Load(path, d.sets()...)
}

// sets replace values of the plan.
func (d *Demo) sets() (list []string) {
	for attack, of := range map[string]time.Duration{"warm-up": d.WarmUp, "measured": d.Duration} {
		key := "attacks." + attack + "."
		list = append(list,
			fmt.Sprintf("%sload[0].duration=%s", key, of),
			fmt.Sprintf("%sload[0].max.workers=%d", key, d.Workers),
			fmt.Sprintf("%sworkers=%d", key, d.Workers),
			fmt.Sprintf("%smax_workers=%d", key, d.Workers))
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

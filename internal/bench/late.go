package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

const (
	maxGrowth   = 0.05 // of resident memory, once settled
	maxResident = 200e6
)

// lateRun is the course of bench late: what is asked of the generators, and what
// the target does.
type lateRun struct {
	lateness
	calls   uint64
	workers int
	settle  time.Duration
}

// late makes more calls than stock ghz keeps results of, to a target that turns
// slow after those, and checks that the tail is seen, that no call is lost and
// that memory stays flat. Then it shows what stock ghz reports of the same.
func late(ctx context.Context, args []string) error {
	var r lateRun
	flags := flag.NewFlagSet("late", flag.ExitOnError)
	flags.Uint64Var(&r.calls, "count", 1_200_000, "calls")
	flags.IntVar(&r.workers, "workers", 50, "calls under way")
	flags.DurationVar(&r.settle, "settle", 20*time.Second, "when growth of memory begins to count: about a fifth of the calls")
	rival := flags.Bool("rival", true, "run stock ghz too")
	r.flags(flags)
	flags.Parse(args)
	if 100*r.held(r.calls) <= r.calls {
		return fmt.Errorf("-count %d: %d held calls are no more than 1 %%, which is not seen in a p99; make more calls after the first %d",
			r.calls, r.held(r.calls), r.after)
	}
	fmt.Printf("%d calls, of which the first %d are answered at once; then one in %d is held for %s: %d calls, %.2f %% of all.\n\n",
		r.calls, r.after, r.each, r.hold, r.held(r.calls), 100*float64(r.held(r.calls))/float64(r.calls))
	fmt.Println("| | calls counted | results kept for percentiles | mean | p50 | p95 | p99 | slowest | took |\n|---|---|---|---|---|---|---|---|---|")
	memory, faults := r.ours(ctx)
	if *rival {
		faults = errors.Join(faults, r.theirs(ctx))
	}
	fmt.Println("\n" + memory)
	return faults
}

// ours prints what loadtrace reports, and returns what it took of memory.
func (r *lateRun) ours(ctx context.Context) (memory string, err error) {
	b, err := newBed(ctx, "tail", r.args()...)
	if err != nil {
		return "", err
	}
	defer b.close()
	s, err := startChild(ctx, "sink")
	if err != nil {
		return "", err
	}
	defer s.stop()
	plan, err := b.callsPlan(fmt.Sprintf("{max: {workers: %d}, count: %d}", r.workers, r.calls))
	if err != nil {
		return "", err
	}
	sum, settled, peak, err := b.watched(ctx, r.settle, plan, "--otlp", "grpc://"+s.address)
	if err != nil {
		return "", err
	}
	q := sum.Total.ServiceTime
	fmt.Printf("| loadtrace, a span per call | %d | all | %s | %s | %s | %s | %s | %s |\n", sum.Total.Requests.Sent(),
		ms(q.Mean), ms(q.P50), ms(q.P95), ms(q.P99), ms(q.Max), sum.Elapsed.Duration().Round(time.Second))
	spans := s.stop()
	memory = fmt.Sprintf("loadtrace: %s client spans at the sink; resident %.1f MB after %s, at most %.1f MB after that: %+.1f %%",
		spans, float64(settled)/1e6, r.settle, float64(peak)/1e6, 100*float64(peak-settled)/float64(settled))
	return memory, errors.Join(r.checkCalls(sum, spans, b.target.stop()), r.checkMemory(settled, peak))
}

// checks are faults found so far.
type checks []error

func (c *checks) that(ok bool, format string, args ...any) {
	if !ok {
		*c = append(*c, fmt.Errorf(format, args...))
	}
}

// checkCalls holds the summary to what the sink and the target have counted, and
// to the tail.
func (r *lateRun) checkCalls(sum summary.Summary, spans, served string) error {
	var c checks
	q, hold := sum.Total.ServiceTime, r.hold.Seconds()
	c.that(sum.Total.Requests.OK == r.calls, "%d of %d calls counted as OK", sum.Total.Requests.OK, r.calls)
	c.that(q.Count == r.calls, "%d of %d calls in the percentiles", q.Count, r.calls)
	c.that(spans == fmt.Sprint(r.calls), "%s of %d client spans at the sink", spans, r.calls)
	c.that(served == r.served(), "the target answered and held %s calls, not %s", served, r.served())
	// A percentile is within 0.6 % of the true one.
	c.that(float64(q.P99) >= hold*(1-0.006), "p99 is %s, and more than 1 %% of the calls were held for %s", ms(q.P99), r.hold)
	c.that(float64(q.P95) < hold, "p95 is %s: the machine is too slow to tell the tail from the rest", ms(q.P95))
	c.that(len(sum.Faults) == 0, "faults of the run: %q", sum.Faults)
	return errors.Join(c...)
}

func (r *lateRun) checkMemory(settled, peak int64) error {
	var c checks
	c.that(settled > 0 && peak > 0, "the run ended before -settle %s, or just after, so that growth of memory is unknown", r.settle)
	c.that(max(settled, peak) <= maxResident, "resident memory reached %.1f MB", float64(peak)/1e6)
	c.that(float64(peak-settled) < maxGrowth*float64(settled), "resident memory grew from %.1f MB to %.1f MB", float64(settled)/1e6, float64(peak)/1e6)
	return errors.Join(c...)
}

// served is what the target says at its end.
func (r *lateRun) served() string { return fmt.Sprintf("%d %d", r.calls, r.held(r.calls)) }

// ghzReport is what is read of ghz's report. Of its results only the number
// matters: they are read into nothing.
type ghzReport struct {
	Count   uint64        `json:"count"`
	Total   time.Duration `json:"total"`
	Average time.Duration `json:"average"`
	Slowest time.Duration `json:"slowest"`
	Details []struct{}    `json:"details"`
	Parts   []struct {
		Percentage int           `json:"percentage"`
		Latency    time.Duration `json:"latency"`
	} `json:"latencyDistribution"`
}

func (g *ghzReport) percentile(p int) string {
	for _, part := range g.Parts {
		if part.Percentage == p {
			return milliseconds(part.Latency)
		}
	}
	return "unknown"
}

func milliseconds(d time.Duration) string { return ms(summary.Seconds(d.Seconds())) }

// theirs prints what stock ghz reports, with a target of its own.
func (r *lateRun) theirs(ctx context.Context) error {
	b, err := newBed(ctx, "tail", r.args()...)
	if err != nil {
		return err
	}
	defer b.close()
	bin, err := bin(ctx, b.dir, "github.com/bojand/ghz/cmd/ghz")
	if err != nil {
		return err
	}
	cmd, err := b.stockGHZ(ctx, bin, r.workers, "--total", fmt.Sprint(r.calls))
	if err != nil {
		return err
	}
	u, err := run(cmd)
	if err != nil {
		return fmt.Errorf("ghz: %w", err)
	}
	var g ghzReport
	if err := json.Unmarshal(u.out, &g); err != nil {
		return fmt.Errorf("ghz's report: %w", err)
	}
	fmt.Printf("| stock ghz, no spans | %d | %d | %s | %s | %s | %s | %s | %s |\n", g.Count, len(g.Details), milliseconds(g.Average),
		g.percentile(50), g.percentile(95), g.percentile(99), milliseconds(g.Slowest), g.Total.Round(time.Second))
	if served := b.target.stop(); served != r.served() {
		return fmt.Errorf("ghz's target answered and held %s calls, not %s", served, r.served())
	}
	return nil
}

package session

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/loadtrace/loadtrace/internal/session/profiles"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver"
	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// asked is the target's profiles, and what the plan says of them.
type asked struct {
	url   string
	cpu   time.Duration
	gate  func() (allow.Gate, error)
	once  sync.Once                         // of the baseline
	taker atomic.Pointer[profiles.Profiler] // nil until the baseline
	fault error                             // why there is no taker
}

// newAsked is nil if the plan names no profiles.
func (s *session) newAsked(plan *loadgen.Plan) *asked {
	if plan.Profiles == nil {
		return nil
	}
	a := &asked{cpu: plan.Profiles.CPU}
	u, err := planfile.ProfilesURL(plan)
	if err != nil {
		a.fault = err
		return a
	}
	a.url = u.String()
	a.gate = func() (allow.Gate, error) { return s.gate(plan) }
	return a
}

// gate lets through what both the collector's configuration and the plan allow.
func (s *session) gate(plan *loadgen.Plan) (allow.Gate, error) {
	own, err := allow.Parse("limits.allowed_targets", plan.Limits.AllowedTargets)
	if err != nil {
		return allow.Gate{}, err
	}
	s.mu.Lock()
	cfg, _ := s.cfg.(*loadgenreceiver.Config)
	s.mu.Unlock()
	if cfg == nil {
		return allow.New(own), nil
	}
	configured, err := allow.Parse("allowed_targets", cfg.AllowedTargets)
	return allow.New(configured, own), err
}

// baseline takes the profiles before the load, once.
func (s *session) baseline(ctx context.Context) {
	a := s.asked
	if a == nil || a.gate == nil {
		return
	}
	a.once.Do(func() {
		gate, err := a.gate()
		if err != nil {
			a.fault = err
			return
		}
		taker, err := profiles.New(a.url, a.cpu, gate)
		if err != nil {
			a.fault = err
			return
		}
		a.taker.Store(taker)
		taker.Baseline(ctx)
	})
}

// doseInterval is how often the requests that have ended are counted, at first.
const doseInterval = 250 * time.Millisecond

// mostDose bounds these counts; beyond it every other is dropped and the interval doubled.
const mostDose = 4000

// observing is what is seen of a run under way for its diagnosis. Its fields are those of
// its goroutine until wait has returned.
type observing struct {
	run      *Run
	zero     time.Time // the beginning of the run
	to       time.Duration
	dose     diagnosis.Series
	underWay diagnosis.Series // at the times of dose
	cancel   context.CancelFunc
	all      sync.WaitGroup
}

// observe begins to watch the run. It ends some seconds after the load, if there are
// profiles to take then, or with ctx.
func (r *Run) observe(ctx context.Context) *observing {
	d := &observing{run: r, zero: time.Now()}
	ctx, d.cancel = context.WithCancel(ctx)
	d.all.Go(func() {
		defer d.cancel()
		d.do(ctx)
	})
	d.all.Go(func() {
		select {
		case <-r.cancelled:
			d.cancel()
		case <-ctx.Done():
		}
	})
	return d
}

// wait returns when the run is no longer watched. Where the collector ended before the
// load did, that is at once.
func (d *observing) wait() {
	select {
	case <-d.run.handle.Idle():
	default:
		d.cancel()
	}
	d.all.Wait()
}

func (d *observing) do(ctx context.Context) {
	load, ended := context.WithCancel(ctx)
	defer ended()
	var asking sync.WaitGroup
	taker := d.run.session.taker()
	if taker != nil {
		asking.Go(func() { taker.During(load, d.run.length()) })
	}
	d.count(ctx)
	ended()
	asking.Wait()
	d.to = time.Since(d.zero)
	if taker != nil {
		taker.After(ctx, d.dose.At(d.to))
	}
}

// count counts the requests that have ended until the load is over.
func (d *observing) count(ctx context.Context) {
	every := doseInterval
	tick := time.NewTicker(every)
	defer tick.Stop()
	look := func() {
		at := time.Since(d.zero)
		ended, underWay := d.run.handle.Counts()
		d.dose = append(d.dose, diagnosis.Point{At: at, V: float64(ended)})
		d.underWay = append(d.underWay, diagnosis.Point{At: at, V: float64(underWay)})
	}
	defer look()
	look()
	for {
		select {
		case <-d.run.handle.Idle():
			return
		case <-ctx.Done():
			return
		case <-tick.C:
			look()
			if len(d.dose) >= mostDose {
				d.dose, d.underWay, every = d.dose.Half(), d.underWay.Half(), 2*every
				tick.Reset(every)
			}
		}
	}
}

// closeProfiles releases the connections to the target's pprof.
func (s *session) closeProfiles() {
	if t := s.taker(); t != nil {
		t.Close()
	}
}

// taker is nil if there are no profiles to take.
func (s *session) taker() *profiles.Profiler {
	if s.asked == nil {
		return nil
	}
	return s.asked.taker.Load()
}

// length is how long the plan's load lasts; 0 if that is not known.
func (r *Run) length() (all time.Duration) {
	plan := r.options.Plan
	for i := range plan.Attacks {
		var of time.Duration
		for _, stage := range plan.Attacks[i].Load {
			if stage.Duration == 0 {
				return 0
			}
			of += stage.Duration
		}
		if plan.Order == loadgen.Sequence {
			all += of
		} else {
			all = max(all, of)
		}
	}
	return all
}

// diagnose adds to the summary the causes that the run names.
func (r *Run) diagnose(d *observing, sum *summary.Summary) {
	if sum.RunID == "" {
		return
	}
	e := &diagnosis.Evidence{To: d.to, Dose: d.dose, UnderWay: d.underWay, Connections: sum.Total.Connections.Opened, Seed: seed(sum.RunID)}
	e.Attacks = kept(r.options.Plan, sum)
	if !sum.Verdict.Trusted {
		e.Doubts, e.Advice = sum.Verdict.Reasons, sum.Verdict.Advice
	}
	r.session.evidence.Fill(e)
	taker := r.session.taker()
	if taker != nil {
		taker.Fill(e, d.zero)
	}
	sum.Findings = diagnosis.Examine(e)
	looked := diagnosis.Look(e)
	sum.Diagnosis = &looked
	if taker != nil {
		sum.Diagnosis.Profiles = taker.Cost()
		r.result.Profiles = taker.Kept()
	} else if a := r.session.asked; a != nil && a.fault != nil {
		sum.Diagnosis.Blind = append(sum.Diagnosis.Blind, fmt.Sprintf("No profiles were taken: %v.", a.fault))
	}
}

// kept are the figures of the attacks whose connections are to be kept.
func kept(plan *loadgen.Plan, sum *summary.Summary) (attacks []diagnosis.Attack) {
	for i := range min(len(plan.Attacks), len(sum.Attacks)) {
		h, f := plan.Attacks[i].HTTP, &sum.Attacks[i].Figures
		if h == nil || h.KeepAlive != nil && !*h.KeepAlive {
			continue
		}
		p := &f.Phases
		attacks = append(attacks, diagnosis.Attack{
			Name: sum.Attacks[i].Name, Sent: f.Requests.Sent(), Failed: f.Requests.Failed, Opened: f.Connections.Opened, Rate: f.RateAchieved,
			Response: f.ResponseTime.Mean.Duration(), Connecting: (p.DNS.Mean + p.Connect.Mean + p.TLS.Mean).Duration(),
		})
	}
	return attacks
}

// seed of the placebos is the run's own, so that a summary can be computed again.
func seed(run string) uint64 {
	var b [8]byte
	copy(b[:], run)
	return binary.LittleEndian.Uint64(b[:])
}

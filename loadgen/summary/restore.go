package summary

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// restored is a shard as its summary was computed from it.
type restored struct {
	from    string
	sum     *Summary
	shard   pace.Shard
	plan    *loadgen.Plan // of the whole run, from its outline
	checks  []verdict.Check
	attacks []restoredAttack
}

// restoredAttack is what a shard has counted and measured of an attack.
type restoredAttack struct {
	sums
	stages   []stageCounts
	progress []pace.Progress
	pauses   []pace.Interval
	at       time.Time
	length   time.Duration
}

// restore reads the addends of a summary. It trusts nothing that it is given: counts that
// are too large to be added, or that do not agree with each other, are errors. Those of a
// run that is not over do not agree: they are not of one moment.
func restore(from string, s *Summary, over bool) (*restored, error) {
	r := &restored{from: from, sum: s, shard: pace.Shard{Index: s.Shard.Index, Count: s.Shard.Count}}
	a := s.Addends
	switch {
	case r.shard.Whole() || r.shard.Check() != nil:
		return nil, fmt.Errorf("it is no shard: it calls itself %s", r.shard)
	case a == nil:
		return nil, errors.New("it has no addends: another version of Loadtrace wrote it; run the shard with this one")
	case a.Version != AddendsVersion:
		return nil, fmt.Errorf("its addends are of version %d, and this Loadtrace reads version %d: merge with the version that ran it", a.Version, AddendsVersion)
	}
	if err := a.Plan.check(); err != nil {
		return nil, err
	}
	r.plan = a.Plan.plan()
	if r.checks = verdict.Checks(r.plan); len(r.checks) != len(a.Checks) {
		return nil, fmt.Errorf("it has addends of %d thresholds, and its plan has %d", len(a.Checks), len(r.checks))
	}
	if len(s.Attacks) != len(a.Plan.Attacks) || len(a.Attacks) != len(a.Plan.Attacks) {
		return nil, fmt.Errorf("it has figures of %d attacks and addends of %d, and its plan has %d", len(s.Attacks), len(a.Attacks), len(a.Plan.Attacks))
	}
	for i := range s.Attacks {
		one, err := r.attack(i, over)
		if err != nil {
			return nil, fmt.Errorf("attack %s: %w", s.Attacks[i].Name, err)
		}
		r.attacks = append(r.attacks, one)
	}
	if over {
		return r, r.agrees()
	}
	return r, nil
}

// agrees finds counts that do not add up without the shard having said so, and those that
// cannot be added.
func (r *restored) agrees() error {
	if err := countable(&r.sum.Telemetry); err != nil {
		return err
	}
	for _, fault := range r.sum.Check() {
		if !slices.Contains(r.sum.Faults, fault) {
			return errors.New(fault)
		}
	}
	return nil
}

func (r *restored) attack(i int, over bool) (out restoredAttack, err error) {
	a, figures := &r.sum.Addends.Attacks[i], &r.sum.Attacks[i].Figures
	switch {
	case r.sum.Attacks[i].Name != r.plan.Attacks[i].Name:
		return out, fmt.Errorf("its plan calls it %s", r.plan.Attacks[i].Name)
	case len(a.Stages) != len(r.plan.Attacks[i].Load):
		return out, fmt.Errorf("it has %d stages, and its plan has %d", len(a.Stages), len(r.plan.Attacks[i].Load))
	}
	if err := errors.Join(countable(figures), countable(&a.Stages)); err != nil {
		return out, err
	}
	if out.sums, err = sumsOf(figures, a); err != nil {
		return out, err
	}
	moment := r.sum.Began.Add
	out.at, out.length = moment(a.At), a.Length
	for _, p := range a.Pauses {
		out.pauses = append(out.pauses, pace.Interval{Begin: moment(p.Begin), End: moment(p.End)})
	}
	for j := range a.Stages {
		s := &a.Stages[j]
		counts := stageCounts{unsent: s.Unsent, finished: s.Finished, ended: s.Ended, longest: s.Longest}
		if s.Ended > 0 {
			counts.last = moment(s.Last)
		}
		out.stages = append(out.stages, counts)
		out.progress = append(out.progress, s.progress(moment))
	}
	if !over {
		return out, nil
	}
	computed := out.measured().figures()
	if computed.ServiceTime != figures.ServiceTime || computed.ResponseTime != figures.ResponseTime || computed.Lag != figures.Lag {
		return out, errors.New("its times are not those of its addends")
	}
	return out, nil
}

// progress is what the addends were made from; moments are counted from a beginning.
func (s *StageAddends) progress(moment func(time.Duration) time.Time) pace.Progress {
	p := pace.Progress{Open: s.Open, Left: s.Left, Begun: s.Begun, Given: s.Given, Due: s.Due, Ahead: s.Ahead, Lead: s.Lead}
	if s.Begun {
		p.Begin, p.End, p.Planned, p.Until = moment(s.Begin), moment(s.End), moment(s.Planned), moment(s.Until)
	}
	return p
}

// Bounds of the texts that are read.
const (
	maxKinds  = 64 // of errors, of an attack
	maxStatus = 1000
)

// sumsOf restores what figures were computed from.
func sumsOf(f *Figures, a *AttackAddends) (s sums, err error) {
	s = newSums()
	s.planned = f.Requests.Planned
	c := &s.counts
	c.finished, c.failed, c.ok = f.Requests.Finished, f.Requests.Failed, f.Requests.OK
	c.connections, c.bytes = f.Connections, f.Bytes
	for reason, n := range f.Requests.NotSent {
		if !slices.Contains(notSentReasons, reason) {
			return s, errors.New("requests were not sent for a reason that is none")
		}
		c.notSent[reason] = n
	}
	for status, n := range f.Status {
		if err := c.restoreStatus(status, n); err != nil {
			return s, err
		}
	}
	if len(f.Errors) > maxKinds || len(f.Excerpts) > keptExcerpts || len(f.Status) > maxStatus {
		return s, errors.New("it has more kinds of errors, statuses or excerpts than there can be")
	}
	for kind, e := range f.Errors {
		s.errors[kind] = Error{Count: e.Count, Example: bounded(e.Example)}
	}
	for status, text := range f.Excerpts {
		s.excerpts[status] = bounded(text)
	}
	if err := s.restoreTimes(a); err != nil {
		return s, err
	}
	return s, s.restoreStream(f, a)
}

func (s *sums) restoreTimes(a *AttackAddends) (err error) {
	read := func(name string, h *Histogram) (out *aggregate) {
		if err != nil {
			return nil
		}
		if out, err = h.aggregate(); err != nil {
			err = fmt.Errorf("histogram %s: %w", name, err)
		}
		return out
	}
	s.service, s.response, s.lag = read("service_time", a.Service), read("response_time", a.Response), read("schedule_lag", a.Lag)
	for i, h := range a.phases() {
		s.phases[i] = read("of a phase", *h)
	}
	return err
}

func (s *sums) restoreStream(f *Figures, a *AttackAddends) error {
	if f.Stream == nil {
		return nil
	}
	first, errFirst := a.First.aggregate()
	gap, errGap := a.Gap.aggregate()
	if err := errors.Join(errFirst, errGap); err != nil {
		return fmt.Errorf("histogram of streams: %w", err)
	}
	s.stream = &streamSums{calls: f.Stream.Calls, sent: f.Stream.Sent, received: f.Stream.Received, first: first, gap: gap}
	return nil
}

// restoreStatus is the reverse of codes.
func (c *counts) restoreStatus(status string, n uint64) error {
	if status == "other" {
		c.status[0] = n
		return nil
	}
	if code, err := strconv.Atoi(status); err == nil && statusIndex(code) > 0 {
		c.status[code] = n
		return nil
	}
	for code := range rpcCodes {
		if loadgen.CodeName(code) == status {
			c.rpc[code] = n
			return nil
		}
	}
	return errors.New("requests finished with a status that is none")
}

// countable refuses numbers in a value that a pointer leads to which are too large to be
// added up, or negative.
func countable(pointer any) error { return countableValue(reflect.ValueOf(pointer)) }

func countableValue(v reflect.Value) error {
	large := false
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return countableValue(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if err := countableValue(v.Field(i)); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := countableValue(v.Index(i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if err := countableValue(v.MapIndex(key)); err != nil {
				return err
			}
		}
	case reflect.Uint64:
		large = v.Uint() > maxCount
	case reflect.Int64:
		most := int64(maxCount)
		if v.Type() == durationType {
			most = maxOffset
		}
		large = v.Int() > most || v.Int() < -most || v.Int() < 0 && v.Type() != durationType
	case reflect.Float64:
		large = !(v.Float() >= -maxCount && v.Float() <= maxCount)
	}
	if large {
		return fmt.Errorf("%v is more than can be added up, or negative", v.Interface())
	}
	return nil
}

var durationType = reflect.TypeFor[time.Duration]()

// maxOffset bounds moments of a run, in nanoseconds: nine years.
const maxOffset = 1 << 58

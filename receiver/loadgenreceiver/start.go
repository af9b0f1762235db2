package loadgenreceiver

import (
	"errors"
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Start names a run and says when it begins.
type Start struct {
	Run loadgen.RunID // zero: one is drawn
	At  time.Time     // zero: as soon as it is ready
	// Watched, if set, reports whether the whole run, of which this one is a shard, is held
	// against the thresholds elsewhere. While it is, those of the shard do not end it.
	Watched func() bool
}

// shard is the shard of the plan that is run.
func (c *Config) shard() pace.Shard {
	if c.given != nil {
		return c.given.Shard
	}
	return pace.Shard(c.Shard)
}

// startAt is the agreed beginning, zero if there is none.
func (c *Config) startAt() (time.Time, error) {
	if !c.start.At.IsZero() {
		return c.start.At, nil
	}
	if c.StartAt == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, c.StartAt)
	if err != nil {
		return at, fmt.Errorf("start_at: %q is not a time; write RFC 3339, for instance 2026-01-31T12:00:00Z", c.StartAt)
	}
	return at, nil
}

// validateStart finds what is wrong with the shard and the beginning, but for a
// beginning that has passed: a configuration does not go bad with time.
func (c *Config) validateStart() error {
	_, err := c.startAt()
	errs := []error{err}
	if c.StartAt != "" && c.StartDelay > 0 {
		errs = append(errs, errors.New("start_delay: excludes start_at; remove one of the two"))
	}
	if err := pace.Shard(c.Shard).Check(); err != nil {
		errs = append(errs, fmt.Errorf("shard: %w", err))
	}
	if c.given == nil && c.Shard.Count > 1 {
		if c.RunID == "" {
			errs = append(errs, errors.New("run_id: is missing; all shards need the same id, for instance from openssl rand -hex 8"))
		}
		if c.StartAt == "" {
			errs = append(errs, errors.New("start_at: is missing; all shards need the same start time"))
		}
	}
	return errors.Join(errs...)
}

// onClock gives a moment of the wall clock, now's monotonic one: a step of the
// former during the wait or the run cannot bend what follows.
func onClock(at, now time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return now.Add(at.Sub(now))
}

// farthest is how far ahead a start may be. What is farther is a clock that is
// wrong, or a slip of the pen.
const farthest = 24 * time.Hour

// punctual finds a beginning that has passed, or is too far ahead: by now, when the
// run is ready. To begin late would be to send at once all that was due by then, and
// not together with the other shards.
func punctual(at, now time.Time) error {
	if at.IsZero() {
		return nil
	}
	switch wait := at.Sub(now); {
	case wait < 0:
		return fmt.Errorf("start_at: %s had passed by %s when the run was ready, by this machine's clock; give all shards a later time",
			at.Format(time.RFC3339Nano), (-wait).Round(time.Millisecond))
	case wait > farthest:
		return fmt.Errorf("start_at: %s is %s ahead, by this machine's clock; give a moment within a day", at.Format(time.RFC3339Nano), wait.Round(time.Second))
	}
	return nil
}

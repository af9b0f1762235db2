package logsource

import (
	"context"
	"errors"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
)

// ask asks for one page.
type ask func(ctx context.Context, q question) (page, error)

// persistent repeats what may go better another time.
func persistent(c configretry.BackOffConfig, again func(), once ask) ask {
	if !c.Enabled {
		return once
	}
	return func(ctx context.Context, q question) (page, error) {
		tries := 0
		return backoff.Retry(ctx, func() (page, error) {
			if tries++; tries > 1 {
				again()
			}
			p, err := once(ctx, q)
			return p, judge(err)
		}, backoff.WithBackOff(schedule(c)), backoff.WithMaxElapsedTime(c.MaxElapsedTime))
	}
}

func schedule(c configretry.BackOffConfig) *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     c.InitialInterval,
		RandomizationFactor: c.RandomizationFactor,
		Multiplier:          c.Multiplier,
		MaxInterval:         c.MaxInterval,
	}
}

// judge marks what is not worth repeating, and when to repeat the rest.
func judge(err error) error {
	e := (*Error)(nil)
	if err == nil || !errors.As(err, &e) {
		return backoff.Permanent(err)
	}
	switch e.Kind {
	case Throttled, Failed, Unreachable, Timeout:
		if e.after > 0 {
			return &later{e, &backoff.RetryAfterError{Duration: e.after}}
		}
		return e
	default:
		return backoff.Permanent(err)
	}
}

// later is an error with the time to try again, for backoff.
type later struct {
	err   *Error
	after *backoff.RetryAfterError
}

func (l *later) Error() string   { return l.err.Error() }
func (l *later) Unwrap() []error { return []error{l.err, l.after} }

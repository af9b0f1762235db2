package logsource

import (
	"context"
	"errors"

	"github.com/cenkalti/backoff/v5"
	"go.opentelemetry.io/collector/config/configretry"
)

// queryFunc asks for one page.
type queryFunc func(ctx context.Context, q rangeQuery) (page, error)

// withRetries retries what may succeed later.
func withRetries(c configretry.BackOffConfig, again func(), once queryFunc) queryFunc {
	if !c.Enabled {
		return once
	}
	return func(ctx context.Context, q rangeQuery) (page, error) {
		tries := 0
		return backoff.Retry(ctx, func() (page, error) {
			if tries++; tries > 1 {
				again()
			}
			p, err := once(ctx, q)
			return p, classify(err)
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

// classify marks errors that are permanent, and when to retry the others.
func classify(err error) error {
	e := (*Error)(nil)
	if err == nil || !errors.As(err, &e) {
		return backoff.Permanent(err)
	}
	switch e.Kind {
	case Throttled, Failed, Unreachable, Timeout:
		if e.after > 0 {
			return &retryAfterError{e, &backoff.RetryAfterError{Duration: e.after}}
		}
		return e
	default:
		return backoff.Permanent(err)
	}
}

// retryAfterError is an error with the time to try again, for backoff.
type retryAfterError struct {
	err   *Error
	after *backoff.RetryAfterError
}

func (l *retryAfterError) Error() string   { return l.err.Error() }
func (l *retryAfterError) Unwrap() []error { return []error{l.err, l.after} }

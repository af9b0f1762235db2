package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/loadtrace/loadtrace/internal/demotarget/store"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// Why a token was not accepted. Other errors of Validate are those of its
// context.
var (
	ErrMissing     = errors.New("no token was given")
	ErrUnknown     = errors.New("token is unknown")
	ErrExpired     = errors.New("token has expired")
	ErrUnavailable = errors.New("token store is unavailable")
)

// cacheHitKey says on the server span whether the claims came from the cache.
const cacheHitKey = attribute.Key("auth.cache.hit")

// Lookup finds claims by digest. It returns store.ErrNotFound if there are none.
type Lookup func(ctx context.Context, d token.Digest) (token.Claims, error)

// Service validates tokens, many at once.
type Service struct {
	key    token.Key
	cache  *Cache
	lookup Lookup
	log    *slog.Logger

	// Accepted, if set before the first token comes, is called for each one that is
	// good.
	Accepted func(token.Claims)
}

// New returns a service that digests tokens with key. It writes one log line for
// each token.
func New(key token.Key, cache *Cache, lookup Lookup, log *slog.Logger) *Service {
	return &Service{key: key, cache: cache, lookup: lookup, log: log}
}

// Validate returns the claims of a token that is good at now. Its errors wrap
// one of the package's, or are the context's.
func (s *Service) Validate(ctx context.Context, now time.Time, raw string) (token.Claims, error) {
	claims, err := s.validate(ctx, now, raw)
	switch {
	case err == nil:
		s.log.InfoContext(ctx, "token accepted", "subject", claims.Subject)
		if s.Accepted != nil {
			s.Accepted(claims)
		}
	case errors.Is(err, ErrUnavailable):
		s.log.ErrorContext(ctx, "token not checked", "error", err)
	case ctx.Err() != nil:
		s.log.DebugContext(ctx, "token not checked: the caller went away", "error", err)
	default:
		s.log.InfoContext(ctx, "token refused", "reason", err)
	}
	return claims, err
}

func (s *Service) validate(ctx context.Context, now time.Time, raw string) (token.Claims, error) {
	if raw == "" {
		return token.Claims{}, ErrMissing
	}
	claims, err := s.claims(ctx, now, s.key.Digest(raw))
	if err != nil {
		return token.Claims{}, err
	}
	if claims.Expired(now) {
		return token.Claims{}, ErrExpired
	}
	return claims, nil
}

// claims come from the cache, or else from the store. Only what the store has is
// cached: were unknown tokens cached too, guesses would push good ones out.
func (s *Service) claims(ctx context.Context, now time.Time, d token.Digest) (token.Claims, error) {
	claims, hit := s.cache.Get(now, d)
	trace.SpanFromContext(ctx).SetAttributes(cacheHitKey.Bool(hit))
	if hit {
		return claims, nil
	}
	claims, err := s.lookup(ctx, d)
	switch {
	case err == nil:
		s.cache.Add(now, d, claims)
		return claims, nil
	case errors.Is(err, store.ErrNotFound):
		return claims, ErrUnknown
	case ctx.Err() != nil:
		return claims, ctx.Err()
	default:
		return claims, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
}

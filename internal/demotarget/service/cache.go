package service

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// freshness is how long cached claims are believed: so long may a token that was
// withdrawn still be accepted.
const freshness = time.Minute

// Cache remembers the claims of the tokens that were last used. It is bounded in
// tokens; a new one displaces the one that was used longest ago, and is counted.
type Cache struct {
	entries *lru.Cache[token.Digest, entry]

	hits, misses, evictions atomic.Int64
}

type entry struct {
	claims token.Claims
	at     time.Time
}

// NewCache returns a cache of at most size tokens; size must be positive.
func NewCache(size int) (*Cache, error) {
	entries, err := lru.New[token.Digest, entry](size)
	if err != nil {
		return nil, fmt.Errorf("make a cache of %d tokens: %w", size, err)
	}
	return &Cache{entries: entries}, nil
}

// Get returns the claims under d if they were added less than a minute before
// now.
func (c *Cache) Get(now time.Time, d token.Digest) (token.Claims, bool) {
	e, ok := c.entries.Get(d)
	if !ok || now.Sub(e.at) >= freshness {
		c.misses.Add(1)
		return token.Claims{}, false
	}
	c.hits.Add(1)
	return e.claims, true
}

// Add keeps the claims under d from now on.
func (c *Cache) Add(now time.Time, d token.Digest, claims token.Claims) {
	if evicted := c.entries.Add(d, entry{claims: claims, at: now}); evicted {
		c.evictions.Add(1)
	}
}

// Observe makes meter report auth.cache.lookups (by result, hit or miss),
// auth.cache.evictions and auth.cache.size, in tokens.
func (c *Cache) Observe(meter metric.Meter) error {
	lookups, err := meter.Int64ObservableCounter("auth.cache.lookups",
		metric.WithUnit("{lookup}"), metric.WithDescription("Lookups in the token cache."))
	if err != nil {
		return err
	}
	evictions, err := meter.Int64ObservableCounter("auth.cache.evictions",
		metric.WithUnit("{token}"), metric.WithDescription("Tokens displaced from the cache by newer ones."))
	if err != nil {
		return err
	}
	size, err := meter.Int64ObservableGauge("auth.cache.size",
		metric.WithUnit("{token}"), metric.WithDescription("Tokens in the cache."))
	if err != nil {
		return err
	}
	hit := metric.WithAttributes(attribute.String("result", "hit"))
	miss := metric.WithAttributes(attribute.String("result", "miss"))
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(lookups, c.hits.Load(), hit)
		o.ObserveInt64(lookups, c.misses.Load(), miss)
		o.ObserveInt64(evictions, c.evictions.Load())
		o.ObserveInt64(size, int64(c.entries.Len()))
		return nil
	}, lookups, evictions, size)
	return err
}

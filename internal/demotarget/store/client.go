package store

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
	"github.com/loadtrace/loadtrace/internal/demotarget/token"
)

// ErrNotFound is the store's word that it has no claims under a digest.
var ErrNotFound = errors.New("no such token in the store")

const lookupTimeout = 2 * time.Second

// Idle connections that a client keeps for reuse. Default is net/http's own, and
// the mistake: with more lookups than that under way, most dial a connection and
// throw it away. Ample is more than a laptop's load has under way.
const (
	DefaultIdle = http.DefaultMaxIdleConnsPerHost
	AmpleIdle   = 200
)

// Pool bounds the connections of a client.
type Pool struct {
	Idle int // kept for reuse
	// Limit is how many lookups may be under way; the others wait. 0 is no limit.
	Limit int
}

// Client asks a store.
type Client struct {
	base      string
	turns     turns
	transport *http.Transport
	http      *http.Client
}

// NewClient returns a client of the store that listens at addr, host:port, and
// that trust allows. It speaks HTTP/1.1, in which a connection has one lookup
// under way. The caller closes it.
func NewClient(addr string, trust *tls.Config, p Pool, tel *telemetry.Telemetry) *Client {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: lookupTimeout}).DialContext,
		TLSClientConfig:     trust,
		MaxIdleConns:        p.Idle,
		MaxIdleConnsPerHost: p.Idle,
		IdleConnTimeout:     90 * time.Second,
	}
	return &Client{
		base:      "https://" + addr + "/tokens/",
		turns:     newTurns(p.Limit),
		transport: transport,
		http: &http.Client{
			Transport: tel.Transport(transport, "GET /tokens/{digest}"),
			Timeout:   lookupTimeout,
		},
	}
}

// Lookup returns the claims filed under d, ErrNotFound if there are none, and
// another error if the store could not say.
func (c *Client) Lookup(ctx context.Context, d token.Digest) (token.Claims, error) {
	claims, err := c.inTurn(ctx, d)
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("look up a token in the store: %w", err)
	}
	return claims, err
}

func (c *Client) inTurn(ctx context.Context, d token.Digest) (token.Claims, error) {
	if err := c.turns.take(ctx); err != nil {
		return token.Claims{}, fmt.Errorf("wait for a connection of the pool: %w", err)
	}
	defer c.turns.give()
	return c.lookup(ctx, d)
}

func (c *Client) lookup(ctx context.Context, d token.Digest) (token.Claims, error) {
	var claims token.Claims
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+string(d), nil)
	if err != nil {
		return claims, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return claims, err
	}
	defer drain(response.Body)
	switch response.StatusCode {
	case http.StatusOK:
		err = json.NewDecoder(response.Body).Decode(&claims)
		return claims, err
	case http.StatusNotFound:
		return claims, ErrNotFound
	default:
		return claims, fmt.Errorf("it answered %s", response.Status)
	}
}

// Close releases the client's idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// drain reads what is left of a body, within reason, so that its connection can
// be used again.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 64<<10)
	_ = body.Close()
}

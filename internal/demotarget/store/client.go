package store

import (
	"context"
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

const (
	lookupTimeout = 2 * time.Second
	// idleConnections are kept open for reuse: more than a laptop's load has in
	// flight, so that dialling is no part of the picture.
	idleConnections = 512
)

// Client asks a store.
type Client struct {
	base      string
	transport *http.Transport
	http      *http.Client
}

// NewClient returns a client of the store that listens at addr, host:port. The
// caller closes it.
func NewClient(addr string, tel *telemetry.Telemetry) *Client {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: lookupTimeout}).DialContext,
		MaxIdleConns:        idleConnections,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     90 * time.Second,
	}
	return &Client{
		base:      "http://" + addr + "/tokens/",
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
	claims, err := c.lookup(ctx, d)
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("look up a token in the store: %w", err)
	}
	return claims, err
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

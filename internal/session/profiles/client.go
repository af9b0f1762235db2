package profiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/runs/diagnosis/goprofile"
)

// Bounds of an answer.
const (
	answerTimeout = 5 * time.Second
	dumpBytes     = 8 << 20
)

// client asks one pprof.
type client struct {
	base      *url.URL
	http      *http.Client
	transport *http.Transport
}

func newClient(base string, gate allow.Gate) (*client, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("profiles.url: %w", err)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	t := &http.Transport{
		DialContext:         gate.Dial(&net.Dialer{Timeout: answerTimeout}),
		TLSHandshakeTimeout: answerTimeout,
		MaxIdleConns:        2,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true, // profiles are packed already
	}
	return &client{base: u, transport: t, http: &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// answer is what came of a question.
type answer struct {
	data []byte
	cut  bool // there was more than limit
	took time.Duration
}

// get asks for a profile, such as goroutine or profile?seconds=2, that takes the target
// lasts to make. A cut answer is an error, unless it may be cut.
func (c *client) get(ctx context.Context, what string, lasts time.Duration, limit int64, mayCut bool) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, lasts+answerTimeout)
	defer cancel()
	u, err := c.base.Parse(what)
	if err != nil {
		return a, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return a, err
	}
	began := time.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return a, fmt.Errorf("ask for %s: %w", what, withoutURL(err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return a, fmt.Errorf("ask for %s: the target answers %d", what, response.StatusCode)
	}
	a.data, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	a.took = max(time.Since(began)-lasts, 0)
	if err != nil {
		return a, fmt.Errorf("read %s: %w", what, err)
	}
	if a.cut = int64(len(a.data)) > limit; a.cut {
		a.data = a.data[:limit]
		if !mayCut {
			return a, fmt.Errorf("read %s: it is longer than %d MiB", what, limit>>20)
		}
	}
	return a, nil
}

// withoutURL is an error of a request without the address, which the summary has.
func withoutURL(err error) error {
	if of, ok := errors.AsType[*url.Error](err); ok {
		return of.Err
	}
	return err
}

// profile is get of a profile in pprof's format.
func (c *client) profile(ctx context.Context, what string, lasts time.Duration) (answer, error) {
	return c.get(ctx, what, lasts, goprofile.MaxBytes, false)
}

func (c *client) shown() string { return loadgen.RedactURL(c.base.String()) }

func (c *client) close() { c.transport.CloseIdleConnections() }

package target

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	promconfig "github.com/prometheus/common/config"
)

// Config configures what to query and how.
type Config struct {
	Service string // service.name
	Address string // host:port, or a URL below which the endpoints are
	Timeout time.Duration
	// Pass matches, whole, the names of metric families that are passed on from
	// the target's /metrics. Nil passes none.
	Pass *regexp.Regexp
	HTTP promconfig.HTTPClientConfig
}

// Target is one process to ask. It is safe for concurrent use.
type Target struct {
	Service, Instance string
	base              *url.URL
	client            *http.Client
	timeout           time.Duration
	pass              *regexp.Regexp
}

// New checks c. Its errors name no key; the caller knows it.
func New(c Config) (*Target, error) {
	base, err := baseURL(c.Address)
	if err != nil {
		return nil, err
	}
	client, err := promconfig.NewClientFromConfig(c.HTTP, "target", promconfig.WithUserAgent("loadtrace-exporter"))
	if err != nil {
		return nil, fmt.Errorf("make the HTTP client: %w", err)
	}
	if c.HTTP.FollowRedirects {
		client.CheckRedirect = sameOrigin
	}
	return &Target{
		Service: c.Service, Instance: base.Host + strings.TrimSuffix(base.Path, "/"), base: base,
		client: client, timeout: c.Timeout, pass: c.Pass,
	}, nil
}

// redirects bounds those of one request.
const redirects = 10

// sameOrigin keeps to the target: another origin is another process, and its
// answer would stand under the target's name. The client would send it the
// target's credentials, too.
func sameOrigin(next *http.Request, before []*http.Request) error {
	if len(before) >= redirects {
		return problemf(ReasonRedirect, "redirects more than %d times", redirects)
	}
	from, to := before[0].URL, next.URL
	if from.Scheme != to.Scheme || !strings.EqualFold(from.Hostname(), to.Hostname()) || port(from) != port(to) {
		return problemf(ReasonRedirect, "redirects to another origin, %s://%s; if that is the service, write it as the target", to.Scheme, to.Host)
	}
	return nil
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// Close lets go of idle connections.
func (t *Target) Close() { t.client.CloseIdleConnections() }

// URL is where the target is, without credentials.
func (t *Target) URL() string { return t.base.Redacted() }

func baseURL(address string) (*url.URL, error) {
	text := address
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q: is not an address; write host:port, or a URL such as https://host:8443/admin", address)
	case u.User != nil:
		return nil, fmt.Errorf("%q: has credentials in it, which logs would show; write them as basic authentication", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q: has a query or a fragment; write the part before it", address)
	}
	return u, nil
}

// Answer is what a target said at one time.
type Answer struct {
	Target *Target
	Took   time.Duration
	// Sources are those of expvar, pprof and metrics that gave something.
	Sources    []string
	Memory     *Memory
	Goroutines *uint64
	Threads    *uint64
	// Families are those to pass on.
	Families []*dto.MetricFamily
	Faults   []Fault
}

// Up reports whether the target gave anything.
func (a Answer) Up() bool { return len(a.Sources) > 0 }

// Memory is what a Go program knows of its memory and garbage collection. Zero
// in a pointer's place is a value, nil is not known.
type Memory struct {
	Sys, HeapReleased, HeapAlloc, StackInuse, TotalAlloc, Mallocs, NextGC *uint64
	NumGC                                                                 *uint64
	LastGC                                                                *float64 // unix seconds; nil before the first cycle
	PauseTotal                                                            *float64 // seconds
	GCCPUFraction                                                         *float64
}

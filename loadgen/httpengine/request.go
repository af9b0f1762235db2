package httpengine

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
	"github.com/loadtrace/loadtrace/loadgen/targets"
)

// request is a request of the attack, made ready once and sent many times.
// Nothing in it changes once the engine is open.
type request struct {
	target loadgen.Target
	url    *url.URL
	host   string
	header http.Header
	body   []byte
	line   int                         // of the targets file; 0 if it is of the plan
	ready  ready                       // for the direct transport
	route  atomic.Pointer[conns.Route] // for net/http's
}

// newRequest makes a target ready, with what the plan gives to those that do not
// have it themselves.
func newRequest(t *targets.Target, p preset) *request {
	u := *t.URL
	r := &request{url: &u, header: t.Header.Clone(), body: t.Body, line: t.Line}
	if r.header == nil {
		r.header = http.Header{}
	}
	// A user in a target's URL is the target's own, before the plan's Authorization;
	// in the plan's own request the header counts, as for net/http.
	if t.Line > 0 {
		r.takeUser()
	}
	for name, values := range p.header {
		if len(r.header[name]) == 0 {
			r.header[name] = values
		}
	}
	r.takeUser()
	if r.body == nil {
		r.body = p.body
	}
	r.host, _ = hostname.Port(r.header.Get("Host")) // which the rules have let pass
	r.header.Del("Host")
	if p.baggage != "" {
		// One list: not every target reads a second header of the name.
		r.header["Baggage"] = []string{strings.Join(append(slices.Clone(r.header["Baggage"]), p.baggage), ",")}
	}
	r.target = loadgen.Target{
		Method: t.Method, URL: loadgen.RedactURL(u.String()), Scheme: u.Scheme, Host: u.Hostname(), Port: port(&u),
	}
	return r
}

// takeUser moves user and password from the URL, which telemetry shows, into
// the Authorization header, unless there is one.
func (r *request) takeUser() {
	if r.url.User == nil {
		return
	}
	if len(r.header["Authorization"]) == 0 {
		password, _ := r.url.User.Password()
		pair := r.url.User.Username() + ":" + password
		r.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	r.url.User = nil
}

// port is the port that a URL, which has passed the rules, is dialed at.
func port(u *url.URL) int {
	if p := u.Port(); p != "" {
		n, _ := strconv.Atoi(p)
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}

// send returns the request as it is sent. taken counts the bytes that are taken
// of its body.
func (r *request) send(ctx context.Context, traceparent, tracestate string, taken *atomic.Int64) *http.Request {
	header := make(http.Header, len(r.header)+2)
	for k, v := range r.header {
		header[k] = v // values are shared: transports read them only
	}
	header["Traceparent"] = []string{traceparent}
	header["Tracestate"] = []string{tracestate}
	req := &http.Request{
		Method: r.target.Method, URL: r.url, Host: r.host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(r.body) > 0 {
		req.ContentLength = int64(len(r.body))
		req.GetBody = func() (io.ReadCloser, error) {
			taken.Store(0)
			return io.NopCloser(io.TeeReader(bytes.NewReader(r.body), counter{taken})), nil
		}
		req.Body, _ = req.GetBody()
	}
	return req.WithContext(ctx)
}

type counter struct{ n *atomic.Int64 }

// Write implements io.Writer.
func (c counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

package httpengine

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
)

// methods are those a target may use.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace,
}

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

// newRequest checks a target and makes it ready. Its error says what is wrong
// in words that follow the place of the target.
func newRequest(t *vegeta.Target, baggage string) (*request, error) {
	if !slices.Contains(methods, t.Method) {
		return nil, fmt.Errorf("method %q is not one of %s", t.Method, strings.Join(methods, ", "))
	}
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("URL %q does not begin with http:// or https://", t.URL)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("URL %q has no host", t.URL)
	}
	if err := hostname.URL(u); err != nil {
		return nil, err
	}
	host, err := hostname.Port(t.Header.Get("Host"))
	if err != nil {
		return nil, err
	}
	r := &request{url: u, host: host, header: t.Header.Clone(), body: t.Body}
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Del("Host")
	r.takeUser()
	if baggage != "" {
		r.header.Add("Baggage", baggage)
	}
	port, err := port(u)
	if err != nil {
		return nil, err
	}
	r.target = loadgen.Target{
		Method: t.Method, URL: loadgen.RedactURL(u.String()), Scheme: u.Scheme, Host: u.Hostname(), Port: port,
	}
	return r, nil
}

// takeUser moves user and password from the URL, which telemetry shows, into
// the Authorization header.
func (r *request) takeUser() {
	if r.url.User == nil {
		return
	}
	if r.header.Get("Authorization") == "" {
		password, _ := r.url.User.Password()
		pair := r.url.User.Username() + ":" + password
		r.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	r.url.User = nil
}

func port(u *url.URL) (int, error) {
	switch p := u.Port(); {
	case p != "":
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return 0, fmt.Errorf("URL %q has port %s, which is not between 1 and 65535", u, p)
		}
		return int(n), nil
	case u.Scheme == "https":
		return 443, nil
	default:
		return 80, nil
	}
}

// send is the request as a hit sends it. taken counts the bytes that are taken
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

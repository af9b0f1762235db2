package httpengine

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/conns"
	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
)

// isRedirect reports whether the standard library's client would follow resp.
func isRedirect(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return resp.Header.Get("Location") != ""
	}
	return false
}

// tooManyRedirects is the error of a request with too many redirects.
type tooManyRedirects int

func (n tooManyRedirects) Error() string { return fmt.Sprintf("stopped after %d redirects", int(n)) }

// follow hands the first response, which is a redirect, to the standard
// library's client, which knows how the next hop's method, headers and body
// follow from it. Every hop has the same traceparent: it is one request. An error
// shows no secret of where the redirect leads.
func (j *roundTrip) follow(req *http.Request, first *http.Response) (*http.Response, error) {
	client := &http.Client{
		Transport: &hops{roundTrip: j, first: first},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) > j.spec.Redirects {
				return tooManyRedirects(j.spec.Redirects)
			}
			withhold(next, via[0].URL)
			return nil
		},
	}
	resp, err := client.Do(req)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		failed.URL = shown(failed.URL)
	}
	return resp, err
}

// withhold takes the credentials of the plan from a request that leads to another origin
// than the first, for which they are. net/http does so for another host only, so that
// another port of it, or a request without TLS, had them. From http to https of one host
// is no other origin, as long as neither has a port.
func withhold(next *http.Request, first *url.URL) {
	to := next.URL
	same := first.Scheme == to.Scheme && port(first) == port(to) ||
		first.Scheme == "http" && to.Scheme == "https" && port(first) == 80 && port(to) == 443
	if same && strings.EqualFold(first.Hostname(), to.Hostname()) {
		return
	}
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		next.Header.Del(name)
	}
}

// shown is a URL as an error may show it.
func shown(text string) string {
	if u, err := url.Parse(text); err == nil && u.Opaque != "" {
		return u.Scheme + ":…"
	}
	return loadgen.RedactURL(text)
}

// hops carries the hops of one request.
type hops struct {
	roundTrip *roundTrip
	first     *http.Response // the answer to the first hop, until the client has asked for it
}

func (h *hops) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := h.answer(req)
	if err == nil && isRedirect(resp) {
		if err := leads(req.URL, resp.Header.Get("Location")); err != nil {
			resp.Body.Close()
			return nil, err
		}
	}
	return resp, err
}

func (h *hops) answer(req *http.Request) (*http.Response, error) {
	if first := h.first; first != nil {
		h.first = nil
		return first, nil
	}
	h.roundTrip.hop()
	u := *req.URL
	if err := hostname.URL(&u); err != nil {
		return nil, err
	}
	req = req.WithContext(req.Context()) // a copy
	req.URL = &u
	return h.roundTrip.conns.RoundTrip(h.roundTrip.exchange, req)
}

// leads is what is wrong with where a redirect leads, before it is followed: the target's
// fault. All but a bad host may be secret.
func leads(from *url.URL, location string) error {
	to, err := from.Parse(location)
	if err != nil {
		return &conns.ProtocolError{What: "the redirect's Location is not a URL" + known(err)}
	}
	if _, err := hostname.ASCII(to.Hostname()); err != nil {
		return &conns.ProtocolError{What: "the redirect leads to a host that cannot be: " + err.Error()}
	}
	if n, err := strconv.ParseUint(to.Port(), 10, 16); to.Port() != "" && (err != nil || n == 0) {
		return &conns.ProtocolError{What: "the redirect leads to port " + to.Port() + ", which cannot be"}
	}
	return nil
}

// known is what is wrong with a URL, as far as it does not show more of it than a few
// bytes.
func known(err error) string {
	if escape, ok := errors.AsType[url.EscapeError](err); ok {
		return ": " + escape.Error()
	}
	if char, ok := errors.AsType[url.InvalidHostError](err); ok {
		return ": " + char.Error()
	}
	return ""
}

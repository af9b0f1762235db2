package session

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/session/protocolcheck"
	"github.com/loadtrace/loadtrace/loadgen"
)

// Listen is where the target's telemetry is taken: addresses, empty for none.
type Listen struct {
	HTTP string // of OTLP over HTTP
	GRPC string // of OTLP over gRPC
}

// DefaultListen are the addresses to which the SDKs of OpenTelemetry send by default.
var DefaultListen = []string{"http://127.0.0.1:4318", "grpc://127.0.0.1:4317"}

// Any reports whether there is an address.
func (l Listen) Any() bool { return l.HTTP != "" || l.GRPC != "" }

func (l Listen) protocols() object {
	p := object{}
	if l.HTTP != "" {
		p["http"] = object{"endpoint": l.HTTP}
	}
	if l.GRPC != "" {
		p["grpc"] = object{"endpoint": l.GRPC, "middlewares": []object{{"id": protocolcheck.Type.String()}}}
	}
	return p
}

// urls of what is listened on, for people.
func (l Listen) urls() string {
	var urls []string
	if l.HTTP != "" {
		urls = append(urls, l.httpURL())
	}
	if l.GRPC != "" {
		urls = append(urls, l.grpcURL())
	}
	return strings.Join(urls, " and ")
}

func (l Listen) grpcURL() string { return "grpc://" + l.GRPC }

// httpURL is empty if nothing is taken over HTTP.
func (l Listen) httpURL() string {
	if l.HTTP == "" {
		return ""
	}
	return "http://" + l.HTTP
}

// ParseListen reads the values of --listen: URLs of OTLP endpoints, or none.
func ParseListen(values []string) (l Listen, err error) {
	var faults []error
	for _, v := range values {
		if v == "" || v == "none" {
			if len(values) > 1 {
				faults = append(faults, fmt.Errorf("--listen %q: excludes every address; write it alone", loadgen.RedactFaulty(v)))
			}
			continue
		}
		u, err := url.Parse(v)
		if err != nil || u.Host == "" || u.Port() == "" || u.Path != "" || u.Scheme != "http" && u.Scheme != "grpc" {
			faults = append(faults, fmt.Errorf("--listen %q: write http://127.0.0.1:4318, grpc://127.0.0.1:4317 or both, or none to take no telemetry", loadgen.RedactFaulty(v)))
			continue
		}
		if !hasPort(u) {
			faults = append(faults, fmt.Errorf("--listen %q: port %s is not between 0 and 65535; write one such as 4318, or 0 for a free one", loadgen.RedactFaulty(v), u.Port()))
			continue
		}
		at := &l.HTTP
		if u.Scheme == "grpc" {
			at = &l.GRPC
		}
		if *at != "" {
			faults = append(faults, fmt.Errorf("--listen %q: is the second address for %s; name one", loadgen.RedactFaulty(v), u.Scheme))
		}
		*at = u.Host
	}
	if err := errors.Join(faults...); err != nil {
		return Listen{}, badinput.Error(err)
	}
	return l, nil
}

// hasPort reports whether a URL has no port, or one that there is.
func hasPort(u *url.URL) bool {
	_, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Port() == "" || err == nil
}

// Free drops the addresses on which something listens already, and says which:
// that a collector runs here is no reason not to run a plan.
func (l Listen) Free() (left Listen, taken []string) {
	for _, a := range []struct{ from, to *string }{{&l.HTTP, &left.HTTP}, {&l.GRPC, &left.GRPC}} {
		if *a.from == "" {
			continue
		}
		probe, err := net.Listen("tcp", *a.from)
		if err != nil {
			taken = append(taken, *a.from)
			continue
		}
		probe.Close()
		*a.to = *a.from
	}
	return left, taken
}

// Meets reports whether an OTLP endpoint is one that is listened on: telemetry
// would go in a circle.
func (l Listen) Meets(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443", "grpc": "4317", "grpcs": "4317"}[u.Scheme])
	for _, own := range []string{l.HTTP, l.GRPC} {
		host, p, err := net.SplitHostPort(own)
		if err == nil && p == port && (host == u.Hostname() || isHere(host) && isHere(u.Hostname())) {
			return true
		}
	}
	return false
}

// isHere: a name or address of this machine that needs no look-up.
func isHere(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || strings.EqualFold(host, "localhost") || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// taken reports whether a collector did not start because something else has
// taken an address meanwhile.
func taken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || err != nil && strings.Contains(err.Error(), syscall.EADDRINUSE.Error())
}

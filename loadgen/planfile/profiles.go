package planfile

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// pprofPath is where net/http/pprof puts itself.
const pprofPath = "/debug/pprof/"

// mostCPU bounds a CPU profile. net/http/pprof itself refuses one that is longer than the
// server's write timeout.
const mostCPU = time.Minute

// ProfilesURL is the address of the net/http/pprof that a plan names, which must name
// one.
func ProfilesURL(p *loadgen.Plan) (*url.URL, error) {
	if p.Profiles == nil {
		return nil, errors.New("the plan has no profiles")
	}
	if p.Profiles.URL == loadgen.ProfilesAuto {
		return besideTarget(p)
	}
	u, err := url.Parse(p.Profiles.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, &pace.KeyError{Key: "profiles.url", What: quote(loadgen.RedactFaulty(p.Profiles.URL)) + " is not a URL", Fix: "write one such as http://127.0.0.1:6060/debug/pprof/, or auto"}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, &pace.KeyError{Key: "profiles.url", What: "has user information, a query or a fragment", Fix: "write the address of net/http/pprof alone"}
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return u, nil
}

// besideTarget is pprof at the address of the first HTTP attack.
func besideTarget(p *loadgen.Plan) (*url.URL, error) {
	for i := range p.Attacks {
		if h := p.Attacks[i].HTTP; h != nil && h.URL != "" {
			u, err := url.Parse(h.URL)
			if err == nil && u.Host != "" {
				return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: pprofPath}, nil
			}
		}
	}
	return nil, &pace.KeyError{Key: "profiles.url", What: "auto needs an attack with http.url", Fix: "write the address, such as http://127.0.0.1:6060/debug/pprof/"}
}

func (v *validator) profiles(p *loadgen.Plan) {
	if p.Profiles == nil {
		return
	}
	if _, err := ProfilesURL(p); err != nil {
		v.faults = append(v.faults, err)
	}
	if d := p.Profiles.CPU; d < time.Second || d > mostCPU {
		v.add("profiles.cpu", "is not between 1s and 1m", "write whole seconds, such as 2s")
	}
}

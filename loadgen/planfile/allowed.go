package planfile

import (
	"errors"
	"net"
	"net/url"
	"strconv"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// allowed checks the list of targets that may be attacked, and the plan's own
// targets by it.
func (v *validator) allowed(p *loadgen.Plan) {
	const key = "limits.allowed_targets"
	list, err := allow.Parse(key, p.Limits.AllowedTargets)
	if err != nil {
		v.faults = append(v.faults, flatten(err)...)
		return
	}
	v.faults = append(v.faults, flatten(CheckTargets(p, list))...)
}

// CheckTargets finds the targets that a plan names and a list does not allow,
// whatever their names resolve to. Those of targets files, and what names resolve
// to, are checked when the run is prepared. Faults are *pace.KeyError values, joined.
func CheckTargets(p *loadgen.Plan, list allow.List) error {
	gate := allow.New(list)
	var faults []error
	for i := range p.Attacks {
		key, host, port := targetOf(&p.Attacks[i])
		if host == "" {
			continue // a fault of its own, or a file
		}
		if err := gate.Target(host, port); err != nil {
			faults = append(faults, &pace.KeyError{Key: item("attacks", i) + key, What: err.Error(), Fix: allow.Fix})
		}
	}
	if u, err := ProfilesURL(p); p.Profiles != nil && err == nil {
		host, port := hostPort(u)
		if err := gate.Target(host, port); err != nil {
			faults = append(faults, &pace.KeyError{Key: "profiles.url", What: err.Error(), Fix: allow.Fix})
		}
	}
	return errors.Join(faults...)
}

// hostPort of a URL; port 0 if it is none.
func hostPort(u *url.URL) (host string, port uint16) {
	text := u.Port()
	if text == "" {
		text = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return "", 0
	}
	return u.Hostname(), uint16(n)
}

// targetOf is the target that an attack names, and the key that names it.
func targetOf(a *loadgen.Attack) (key, host string, port uint16) {
	var text string
	switch {
	case a.GRPC != nil:
		key = ".grpc.target"
		host, text, _ = net.SplitHostPort(a.GRPC.Target)
	case a.HTTP != nil && a.HTTP.URL != "":
		u, err := url.Parse(a.HTTP.URL)
		if err != nil {
			return "", "", 0
		}
		key = ".http.url"
		host, port = hostPort(u)
		return key, host, port
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return "", "", 0
	}
	return key, host, uint16(n)
}

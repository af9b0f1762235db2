package hostname

import (
	"fmt"
	"net"
	"net/url"

	"golang.org/x/net/idna"
)

// ASCII is a host as DNS, TLS and the Host header have it: bücher.example is
// xn--bcher-kva.example. A host that is ASCII already is left as it is. The error
// names the host.
func ASCII(host string) (string, error) {
	if isASCII(host) {
		return host, nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return "", fmt.Errorf("%q is no host name: %w", host, err)
	}
	return ascii, nil
}

// URL makes the host of a URL ASCII.
func URL(u *url.URL) error {
	host, err := ASCII(u.Hostname())
	if err != nil || host == u.Hostname() {
		return err
	}
	if port := u.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	u.Host = host
	return nil
}

// Port is ASCII for a host that may have a port.
func Port(host string) (string, error) {
	if isASCII(host) {
		return host, nil
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return ASCII(host)
	}
	if name, err = ASCII(name); err != nil {
		return "", err
	}
	return net.JoinHostPort(name, port), nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

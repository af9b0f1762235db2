package stack

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

const host = "127.0.0.1"

// Port is the number of a port.
func (a Addresses) Port(name string) string {
	_, port, _ := net.SplitHostPort(a[name])
	return port
}

// assign gives each port of a server its number: the wanted one, which must be
// free, or a free one. A free one may be taken by another process before the
// server takes it; start tries again then.
func assign(s Server, wanted map[string]int) (Addresses, error) {
	at := Addresses{}
	var faults []error
	var held []net.Listener // so that no number is given twice
	for _, p := range s.Ports {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(wanted[p.Name])))
		if err != nil {
			faults = append(faults, fmt.Errorf("port %d for %s cannot be had; stop what listens there, or choose another: %w",
				wanted[p.Name], s.describe(p.Name), err))
			continue
		}
		held = append(held, l)
		at[p.Name] = l.Addr().String()
	}
	for _, l := range held {
		faults = append(faults, l.Close())
	}
	return at, errors.Join(faults...)
}

// Usual are the ports that a server has by default elsewhere.
func (s Server) Usual() map[string]int {
	ports := map[string]int{}
	for _, p := range s.Ports {
		ports[p.Name] = p.Usual
	}
	return ports
}

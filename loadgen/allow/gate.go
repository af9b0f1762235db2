package allow

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
)

// Gate allows the targets that each of its lists has. The zero Gate allows
// everything.
type Gate struct {
	lists    []List
	resolver *net.Resolver // of Lookup and Dial; nil is the system's
}

// New makes a gate of lists; those without an opinion do not count.
func New(lists ...List) Gate {
	var g Gate
	for _, l := range lists {
		if len(l.patterns) > 0 {
			g.lists = append(g.lists, l)
		}
	}
	return g
}

// AllowsAll reports whether the gate allows every target.
func (g Gate) AllowsAll() bool { return len(g.lists) == 0 }

// Fix is what a user can do about a refusal.
const Fix = "attack a target that is in the list, or add this one to it if you may attack it"

// Refusal is a target that a list does not have.
type Refusal struct {
	Target string // host:port, as it was asked for
	Addr   string // what its name resolves to, if that is the reason
	List   string // the key of the list
	why    string // beyond that it is not there
}

func (r *Refusal) Error() string {
	text := r.Target
	if r.Addr != "" {
		text += " resolves to " + r.Addr + ", which"
	}
	return text + " is not in " + r.List + r.why
}

// Target refuses a target that must not be attacked whatever its name resolves to.
// The error is a *Refusal.
func (g Gate) Target(host string, port uint16) error {
	name, addr, isAddr := identify(host)
	for i := range g.lists {
		l := &g.lists[i]
		has := l.byName(name, port) || l.networks(port)
		if isAddr {
			has = l.byAddr(addr, port)
		}
		if !has {
			return &Refusal{Target: target(host, port), List: l.key}
		}
	}
	return nil
}

// Lookup refuses a target that must not be attacked as its name resolves now. Only
// names that no list has as such are resolved. The error is a *Refusal, or says
// that the name does not resolve.
func (g Gate) Lookup(ctx context.Context, host string, port uint16) error {
	if err := g.Target(host, port); err != nil || !g.depends(host, port) {
		return err
	}
	resolver := g.resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return fmt.Errorf("whether %s is in %s depends on what it resolves to: %w", target(host, port), g.lists[0].key, err)
	}
	for _, addr := range addrs {
		if err = g.Peer(host, netip.AddrPortFrom(addr, port)); err == nil {
			return nil // others are not dialled
		}
	}
	return err
}

// depends reports whether it takes a target's addresses to decide.
func (g Gate) depends(host string, port uint16) bool {
	name, _, isAddr := identify(host)
	for i := range g.lists {
		if !isAddr && !g.lists[i].byName(name, port) {
			return true
		}
	}
	return false
}

// Peer refuses the address that a host's name was resolved to. The error is a
// *Refusal.
func (g Gate) Peer(host string, peer netip.AddrPort) error {
	name, literal, isAddr := identify(host)
	addr, port := peer.Addr().Unmap().WithZone(""), peer.Port()
	for i := range g.lists {
		l := &g.lists[i]
		if l.byAddr(addr, port) {
			continue
		}
		r := &Refusal{Target: target(host, port), List: l.key}
		if !isAddr || literal != addr {
			r.Addr = addr.String()
		}
		if isAddr || !l.byName(name, port) {
			return r
		}
		if kind := peculiar(name, addr); kind != "" {
			r.why = ": a name does not allow " + kind + " address, list the address itself if it is meant"
			return r
		}
	}
	return nil
}

// Dial dials as d does, but no address that the gate refuses; not even to find out
// whether somebody listens there.
func (g Gate) Dial(d *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	if g.AllowsAll() {
		return d.DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := split(address)
		if err != nil {
			return nil, err
		}
		if err := g.Target(host, port); err != nil {
			return nil, err
		}
		gated := *d
		if g.resolver != nil {
			gated.Resolver = g.resolver
		}
		var passed atomic.Pointer[netip.AddrPort]
		gated.Control = func(_, address string, _ syscall.RawConn) error {
			peer, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("check the address %s: %w", address, err)
			}
			if err = g.Peer(host, peer); err == nil {
				passed.Store(&peer)
			}
			return err
		}
		conn, err := gated.DialContext(ctx, network, address)
		// Of several addresses the dialer reports what was wrong with the first. If that
		// is only that it is not in the list, what was wrong with another says more.
		if refusal := (*Refusal)(nil); errors.As(err, &refusal) && passed.Load() != nil {
			return gated.DialContext(ctx, network, passed.Load().String())
		}
		return conn, err
	}
}

// identify is a host as a canonical name, or as an address if it is one.
func identify(host string) (name string, addr netip.Addr, isAddr bool) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return "", addr.Unmap().WithZone(""), true
	}
	return canonical(host), netip.Addr{}, false
}

// peculiar is the kind of an address that no service of that name has, or nothing.
func peculiar(name string, addr netip.Addr) string {
	switch {
	case addr.IsLoopback() && name != "localhost":
		return "a loopback"
	case addr.IsLinkLocalUnicast():
		return "a link-local"
	case addr.IsMulticast():
		return "a multicast"
	case addr.IsUnspecified():
		return "the unspecified"
	}
	return ""
}

func target(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.FormatUint(uint64(port), 10))
}

func split(address string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("port of %s: %w", address, err)
	}
	return host, uint16(n), nil
}

package allow

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// List is the targets that may be attacked. The zero List has no opinion.
type List struct {
	key      string // what the list is called where it is configured
	patterns []pattern
}

// Parse reads the list that is configured at a key. Without patterns it has no
// opinion; one that is there and empty is a fault. Faults are *pace.KeyError
// values, joined.
func Parse(key string, texts []string) (List, error) {
	l := List{key: key}
	if texts != nil && len(texts) == 0 {
		return l, &pace.KeyError{Key: key, What: "is empty, which would allow nothing", Fix: orNone}
	}
	var faults []error
	for i, text := range texts {
		p, fault := parse(text)
		if fault != "" {
			faults = append(faults, &pace.KeyError{Key: fmt.Sprintf("%s[%d]", key, i), What: fmt.Sprintf("%q %s", text, fault), Fix: forms})
			continue
		}
		l.patterns = append(l.patterns, p)
	}
	if len(faults) == 0 && everything(l.patterns) {
		return l, &pace.KeyError{Key: key, What: "allows every host, which is no limit", Fix: orNone}
	}
	return l, errors.Join(faults...)
}

const orNone = "list targets, or leave it out to allow any"

// AllowsAll reports whether a list of patterns allows every host, on whatever ports: by
// a pattern for any, or by networks that have all addresses of IPv4 or of IPv6 together.
// What is not a pattern is left out of account.
func AllowsAll(texts []string) bool {
	var patterns []pattern
	for _, text := range texts {
		if p, fault := parse(text); fault == "" {
			patterns = append(patterns, p)
		}
	}
	return everything(patterns)
}

func everything(patterns []pattern) bool {
	have := map[netip.Prefix]bool{}
	for i := range patterns {
		if patterns[i].any {
			return true
		}
		if n := patterns[i].network; n.IsValid() {
			have[n] = true
		}
	}
	return hasAll(have, 32, netip.IPv4Unspecified()) || hasAll(have, 128, netip.IPv6Unspecified())
}

// hasAll reports whether networks have all addresses together, those of the length of
// one. Two halves make a whole, from the smallest networks up.
func hasAll(have map[netip.Prefix]bool, bits int, zero netip.Addr) bool {
	level := map[netip.Prefix]bool{}
	for ; bits > 0; bits-- {
		for p := range have {
			if p.Bits() == bits && p.Addr().Is4() == zero.Is4() {
				level[p] = true
			}
		}
		above := map[netip.Prefix]bool{}
		for p := range level {
			whole := netip.PrefixFrom(p.Addr(), bits-1).Masked()
			if p.Addr() == whole.Addr() && level[netip.PrefixFrom(flip(p.Addr(), bits-1), bits)] {
				above[whole] = true
			}
		}
		level = above
	}
	return level[netip.PrefixFrom(zero, 0)] || have[netip.PrefixFrom(zero, 0)]
}

// flip a bit of an address, counted from its most significant one.
func flip(a netip.Addr, bit int) netip.Addr {
	b := a.AsSlice()
	b[bit/8] ^= 0x80 >> (bit % 8)
	flipped, _ := netip.AddrFromSlice(b)
	return flipped
}

// byName reports whether the list has a host by its name.
func (l *List) byName(host string, port uint16) bool {
	for i := range l.patterns {
		if l.patterns[i].hasPort(port) && l.patterns[i].hasName(host) {
			return true
		}
	}
	return false
}

// byAddr reports whether the list has an address.
func (l *List) byAddr(addr netip.Addr, port uint16) bool {
	for i := range l.patterns {
		if l.patterns[i].hasPort(port) && l.patterns[i].hasAddr(addr) {
			return true
		}
	}
	return false
}

// networks reports whether the list has networks with a port, so that it depends on
// what a name resolves to.
func (l *List) networks(port uint16) bool {
	for i := range l.patterns {
		if l.patterns[i].hasPort(port) && l.patterns[i].network.IsValid() {
			return true
		}
	}
	return false
}

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
		return l, &pace.KeyError{Key: key, What: "is empty, which would allow nothing", Fix: "list targets, or leave it out to allow any"}
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
	return l, errors.Join(faults...)
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

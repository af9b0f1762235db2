package allow

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen/internal/hostname"
)

// pattern is one entry of a list: a name, or a network, with ports.
type pattern struct {
	any       bool         // every host
	name      string       // of one host, in lower case
	below     string       // .example.test: every host below that name
	network   netip.Prefix // valid if it is one
	low, high uint16       // ports, both included
}

// hostName is a name that DNS or a hosts file may have.
var hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

const forms = "write a host or network, with or without ports: api.example.test, *.example.test:443, 10.0.0.0/8, 127.0.0.1:8000-8099, [fd00::/8]:443"

// parse reads a pattern. What is wrong with one is in words that follow it.
func parse(text string) (p pattern, fault string) {
	host, ports, fault := cut(text)
	if fault != "" {
		return p, fault
	}
	if p.low, p.high, fault = parsePorts(ports); fault != "" {
		return p, fault
	}
	if network, err := netip.ParsePrefix(host); err == nil {
		p.network = netip.PrefixFrom(network.Addr().Unmap(), unmapped(network)).Masked()
		return p, ""
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		addr = addr.Unmap().WithZone("")
		p.network = netip.PrefixFrom(addr, addr.BitLen())
		return p, ""
	}
	host = canonical(host)
	rest, below := strings.CutPrefix(host, "*.")
	rest = canonical(rest)
	switch {
	case host == "*":
		p.any = true
	case !hostName.MatchString(rest) || looksNumeric(rest):
		return p, "is neither a host nor a network"
	case below:
		p.below = "." + rest
	default:
		p.name = rest
	}
	return p, ""
}

// cut takes the ports off a pattern.
func cut(text string) (host, ports, fault string) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		host, rest, ok := strings.Cut(inner, "]")
		ports, colon := strings.CutPrefix(rest, ":")
		if !ok || rest != "" && !colon {
			return "", "", "has no ] before its ports"
		}
		return host, ports, ""
	}
	if strings.Count(text, ":") > 1 { // IPv6 without ports
		return text, "", ""
	}
	host, ports, colon := strings.Cut(text, ":")
	if colon && ports == "" {
		return "", "", "has no port after its colon"
	}
	return host, ports, ""
}

func parsePorts(text string) (low, high uint16, fault string) {
	if text == "" {
		return 1, 65535, ""
	}
	first, last, both := strings.Cut(text, "-")
	if !both {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || a == 0 || b < a {
		return 0, 0, fmt.Sprintf("has ports %q, which are neither one from 1 to 65535 nor two such as 8000-8099", text)
	}
	return uint16(a), uint16(b), ""
}

// unmapped is the length of a prefix once its address is one of IPv4.
func unmapped(p netip.Prefix) int {
	if p.Addr().Is4In6() {
		return max(0, p.Bits()-96)
	}
	return p.Bits()
}

// looksNumeric reports what resolvers may take for an address in another form, such
// as 127.1 or 0x7f000001: a list must not seem to name a host by it.
func looksNumeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	_, err := strconv.ParseUint(last, 0, 64)
	return err == nil
}

// canonical is a name as names are compared: as DNS has it, in lower case.
func canonical(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ascii, err := hostname.ASCII(host); err == nil {
		return ascii
	}
	return host
}

// hasPort reports whether the pattern has a port at all.
func (p *pattern) hasPort(port uint16) bool { return p.low <= port && port <= p.high }

// hasName reports whether it has a host by its name, which is canonical.
func (p *pattern) hasName(host string) bool {
	return p.any || p.name != "" && p.name == host || p.below != "" && strings.HasSuffix(host, p.below)
}

// hasAddr reports whether it has a host by its address.
func (p *pattern) hasAddr(addr netip.Addr) bool {
	return p.any || p.network.IsValid() && p.network.Contains(addr)
}

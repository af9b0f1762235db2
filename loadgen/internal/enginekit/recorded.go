package enginekit

import (
	"net"
	"net/netip"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/loadgen"
)

// ErrorText bounds an error's text to what a record holds, at a character's
// border.
func ErrorText(text string) string {
	if len(text) <= loadgen.MaxErrorText {
		return text
	}
	cut := loadgen.MaxErrorText
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut]
}

// AddrPort is the address of a connection's end, an IPv4 one as such; the zero
// value if it is none of TCP.
func AddrPort(a net.Addr) netip.AddrPort {
	if tcp, ok := a.(*net.TCPAddr); ok {
		ap := tcp.AddrPort()
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return netip.AddrPort{}
}

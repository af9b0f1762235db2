package enginekit

import (
	"net"
	"net/netip"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
)

// ErrorText bounds an error's text to what a record holds, as valid UTF-8.
func ErrorText(text string) string {
	text, _ = utf8text.Cut(text, loadgen.MaxErrorText)
	return text
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

package httpengine

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// serveALPN starts a TLS server of HTTP/1.1, and of HTTP/2 if it is offered, that
// offers what it is told to, nothing if there is none.
func serveALPN(t *testing.T, h http.Handler, offers ...string) string {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	s.TLS.NextProtos = offers
	if len(offers) == 0 {
		s.TLS.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{Certificates: s.TLS.Certificates}, nil
		}
	}
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

func TestTheProtocolIsAsAsked(t *testing.T) {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.Proto)) })
	type target struct{ name, url string }
	both := target{"h2 and http/1.1", serveALPN(t, hello, "h2", "http/1.1")}
	only1 := target{"http/1.1", serveALPN(t, hello, "http/1.1")}
	only2 := target{"h2", serveALPN(t, hello, "h2")}
	none := target{"nothing", serveALPN(t, hello)}
	plain := target{"without TLS", serve(t, hello).URL}
	h2c, _ := serveHTTP2(t, loadgen.ProtocolH2C, 100, hello)
	prior := target{"h2c", h2c.URL}
	const failed = 0
	for _, c := range []struct {
		protocol loadgen.Protocol
		target   target
		proto    uint8
	}{
		{loadgen.ProtocolHTTP2, both, 20},
		{loadgen.ProtocolHTTP2, only2, 20},
		{loadgen.ProtocolHTTP2, only1, failed},
		{loadgen.ProtocolHTTP2, none, failed},
		{loadgen.ProtocolAuto, both, 20},
		{loadgen.ProtocolAuto, only2, 20},
		{loadgen.ProtocolAuto, only1, 11},
		{loadgen.ProtocolAuto, none, 11},
		{loadgen.ProtocolAuto, plain, 11},
		{"", both, 20},
		{"", only1, 11},
		{loadgen.ProtocolHTTP1, both, 11},
		{loadgen.ProtocolHTTP1, only1, 11},
		{loadgen.ProtocolHTTP1, none, 11},
		{loadgen.ProtocolHTTP1, plain, 11},
		{loadgen.ProtocolH2C, prior, 20},
		{loadgen.ProtocolH2C, plain, failed},
	} {
		t.Run(string(c.protocol)+" to "+c.target.name, func(t *testing.T) {
			for _, redirects := range []int{0, 1} { // with redirects, all is net/http's
				a := attackOn(c.target.url)
				a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify, a.HTTP.Redirects = c.protocol, true, redirects
				for _, r := range run(t, a, pace.Stage{Max: &pace.Max{Workers: 2}, Count: 4}) {
					if c.proto != failed {
						assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
						assert.Equal(t, c.proto, r.Proto)
						continue
					}
					assert.Equal(t, loadgen.Failed, r.Outcome)
					assert.Equal(t, loadgen.ErrorProtocol, r.Error, r.ErrorText)
					assert.Zero(t, r.Proto)
				}
			}
		})
	}
}

// What a target sends on to is known only when it does.
func TestARedirectDoesNotChangeTheProtocol(t *testing.T) {
	var to string
	redirect := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, to+"/there", http.StatusFound)
		}
	})
	secure := serveALPN(t, redirect, "h2", "http/1.1")
	only1 := serveALPN(t, redirect, "http/1.1")
	plain := serve(t, redirect).URL
	h2c, _ := serveHTTP2(t, loadgen.ProtocolH2C, 100, redirect.ServeHTTP)
	for _, c := range []struct {
		protocol loadgen.Protocol
		from, to string
		kind     loadgen.ErrorKind
		proto    uint8
	}{
		{loadgen.ProtocolHTTP2, secure, secure, "", 20},
		{loadgen.ProtocolHTTP2, secure, plain, loadgen.ErrorProtocol, 0},
		{loadgen.ProtocolHTTP2, secure, h2c.URL, loadgen.ErrorProtocol, 0},
		{loadgen.ProtocolHTTP2, secure, only1, loadgen.ErrorProtocol, 0},
		{loadgen.ProtocolH2C, h2c.URL, h2c.URL, "", 20},
		{loadgen.ProtocolH2C, h2c.URL, secure, loadgen.ErrorProtocol, 0},
		{loadgen.ProtocolH2C, h2c.URL, plain, loadgen.ErrorProtocol, 0},
		{loadgen.ProtocolAuto, secure, plain, "", 11},
		{loadgen.ProtocolAuto, plain, secure, "", 20},
		{loadgen.ProtocolHTTP1, secure, secure, "", 11},
	} {
		to = c.to
		a := attackOn(c.from + "/")
		a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify, a.HTTP.Redirects = c.protocol, true, 2
		for _, r := range run(t, a, pace.Stage{Max: &pace.Max{Workers: 1}, Count: 2}) {
			assert.Equal(t, c.kind, r.Error, "%+v: %s", c, r.ErrorText)
			assert.Equal(t, c.proto, r.Proto, "%+v", c)
			assert.Equal(t, 1, r.Redirects)
			assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
		}
	}
}

// What a redirect leads to may be anything, and only what http and https can be followed
// to is dialled. The rest is the target's fault in the protocol.
func TestARedirectThatCannotBeFollowedIsNotDialled(t *testing.T) {
	for _, c := range []struct{ to, because string }{
		{"ftp://user:secret@files.test/there?token=secret", "the redirect leads to ftp://files.test/…: only http and https can be followed"},
		{"FTP://files.test", "leads to ftp://files.test/…: only"},
		{"wss://sockets.test:81/", "leads to wss://sockets.test:81/…: only"},
		{"myapp://open", "leads to myapp://open/…: only"},
		{"javascript:alert('secret')", "leads to javascript:…: only"},
		{"mailto:secret@mail.test", "leads to mailto:…: only"},
		{"http:///there", "leads to http:///…, which names no host"},
		{"https://:443/there", "leads to https://:443/…, which names no host"},
		{"http:secret", "leads to http:…, which names no host"},
		{"http://[::1/secret", "the redirect's Location is not a URL"},
		{"/secret%zz", `the redirect's Location is not a URL: invalid URL escape "%zz"`},
		{"http://exa mple.test/secret", `the redirect's Location is not a URL: invalid character " " in host name`},
		{"http://user:pass@files.test:secret/", "the redirect's Location is not a URL"},
		{"ht!tp://files.test/secret", "the redirect's Location is not a URL"},
		{"http://\u2488com/secret", "the redirect leads to a host that cannot be: \"\u2488com\" is no host name"},
		{"//b\u00fccher\u2488.test/secret", "the redirect leads to a host that cannot be"},
		{"http://files.test:99999/secret", "the redirect leads to port 99999, which cannot be"},
		{"http://files.test:0/secret", "the redirect leads to port 0, which cannot be"},
	} {
		t.Run(c.to, func(t *testing.T) {
			from := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", c.to)
				w.WriteHeader(http.StatusFound)
			}))
			a := attackOn(from.URL)
			a.HTTP.Redirects = 2
			dials := 0
			dial := func(ctx context.Context, network, address string) (net.Conn, error) {
				dials++
				return new(net.Dialer).DialContext(ctx, network, address)
			}
			newRig(t, a, false, dial).test(t, func(t *testing.T, r *rig) {
				record := r.send(0)
				assert.Equal(t, loadgen.Failed, record.Outcome)
				assert.Equal(t, loadgen.ErrorProtocol, record.Error, record.ErrorText)
				assert.Contains(t, record.ErrorText, c.because)
				assert.NotContains(t, record.ErrorText, "secret")
				assert.Equal(t, 1, dials)
				assert.Equal(t, record.ServiceTime(), record.Phases.Sum())
			})
		})
	}
}

func TestATargetThatTheProtocolCannotReachIsRefusedWithItsLine(t *testing.T) {
	for _, c := range []struct {
		protocol      loadgen.Protocol
		format        loadgen.TargetsFormat
		file          string
		line, because string
	}{
		{loadgen.ProtocolHTTP2, loadgen.TargetsHTTP, "GET https://h/\n\nGET http://h/\n", "line 3", "protocol h2 needs TLS"},
		{loadgen.ProtocolHTTP2, loadgen.TargetsJSON, `{"method":"GET","url":"http://h/"}`, "line 1", "protocol h2 needs TLS"},
		{loadgen.ProtocolH2C, loadgen.TargetsHTTP, "GET http://h/\n\nGET https://h/\n", "line 3", "protocol h2c is without TLS"},
		{loadgen.ProtocolHTTP2, loadgen.TargetsHTTP, "GET https://h/\n\nGET https://h/\nupgrade: websocket\n", "line 3", "header Upgrade: HTTP/2 has no upgrades"},
		{loadgen.ProtocolH2C, loadgen.TargetsHTTP, "GET http://h/\nConnection: Upgrade\n", "line 1", "header Connection: over HTTP/2 it is close or keep-alive"},
	} {
		file := filepath.Join(t.TempDir(), "targets")
		require.NoError(t, os.WriteFile(file, []byte(c.file), 0o600))
		a := attackOn("")
		a.HTTP.URL, a.HTTP.Method, a.HTTP.Protocol = "", "", c.protocol
		a.HTTP.Targets = &loadgen.Targets{File: file, Format: c.format}
		_, err := Open(runner.Setup{Attack: a})
		require.Error(t, err)
		assert.ErrorContains(t, err, "http.targets.file: ")
		assert.ErrorContains(t, err, c.line)
		assert.ErrorContains(t, err, c.because)
	}
}

// Names go to DNS, to TLS and into the Host header as DNS has them, and so into
// telemetry.
func TestInternationalHostNamesAreSentAsDNSHasThem(t *testing.T) {
	const unicode, ascii = "b\u00fccher.test", "xn--bcher-kva.test"
	var sni, host string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host = r.Host; r.TLS != nil {
			sni = r.TLS.ServerName
		}
		if r.URL.Path == "/away" {
			_, port, _ := net.SplitHostPort(r.Host)
			w.Header().Set("Location", "http://B\u00dcCHER.test:"+port+"/")
			w.WriteHeader(http.StatusFound)
		}
	})
	secure := serveALPN(t, h, "h2", "http/1.1")
	plain := serve(t, h).URL
	at := func(url string) string {
		_, port, err := net.SplitHostPort(strings.SplitN(url, "//", 2)[1])
		require.NoError(t, err)
		return port
	}
	for _, c := range []struct {
		url      string
		header   string
		protocol loadgen.Protocol
		host     string
	}{
		{"https://" + unicode + ":" + at(secure) + "/", "", loadgen.ProtocolAuto, ascii + ":" + at(secure)},
		{"https://" + unicode + ":" + at(secure) + "/", "", loadgen.ProtocolHTTP1, ascii + ":" + at(secure)},
		{"https://B\u00dcCHER.test:" + at(secure) + "/", "", loadgen.ProtocolHTTP1, ascii + ":" + at(secure)},
		{"https://b%C3%BCcher.test:" + at(secure) + "/", "", loadgen.ProtocolHTTP2, ascii + ":" + at(secure)},
		{"https://" + ascii + ":" + at(secure) + "/", "", loadgen.ProtocolAuto, ascii + ":" + at(secure)},
		{"http://" + unicode + ":" + at(plain) + "/", "", loadgen.ProtocolAuto, ascii + ":" + at(plain)},
		{"http://" + unicode + ":" + at(plain) + "/away", "", loadgen.ProtocolAuto, ascii + ":" + at(plain)},
		{"http://" + unicode + ":" + at(plain) + "/", "stra\u00dfe.test:81", loadgen.ProtocolAuto, "xn--strae-oqa.test:81"},
	} {
		for _, redirects := range []int{0, 1} { // both transports
			a := attackOn(c.url)
			a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify, a.HTTP.Redirects = c.protocol, true, redirects
			if c.header != "" {
				a.HTTP.Headers = map[string]string{"Host": c.header}
			}
			a.Load = []pace.Stage{{Max: &pace.Max{Workers: 1}, Count: 1}}
			sni, host = "", ""
			r := attackByName(t, a, ascii)
			assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
			assert.Equal(t, c.host, host)
			assert.Equal(t, ascii, r.Target.Host)
			assert.Contains(t, r.Target.URL, ascii)
			if strings.HasPrefix(c.url, "https") {
				assert.Equal(t, ascii, sni)
			}
		}
	}
}

// attackByName sends one request while DNS has one name, which leads home.
func attackByName(t *testing.T, a loadgen.Attack, name string) loadgen.Record {
	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { answerDNS(dns, name+".") })
	old := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", dns.LocalAddr().String())
	}}
	defer func() {
		net.DefaultResolver = old
		dns.Close()
		serving.Wait()
	}()
	records := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{}).Records
	require.Len(t, records, 1)
	return records[0]
}

func answerDNS(at net.PacketConn, name string) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := at.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		m.Header.Response, m.Additionals = true, nil
		switch {
		case q.Name.String() != name:
			m.Header.RCode = dnsmessage.RCodeNameError
		case q.Type == dnsmessage.TypeA:
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		if answer, err := m.Pack(); err == nil {
			at.WriteTo(answer, from)
		}
	}
}

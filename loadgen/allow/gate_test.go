package allow

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func list(t testing.TB, patterns ...string) List {
	l, err := Parse("allowed_targets", patterns)
	require.NoError(t, err)
	return l
}

func TestPatternsHaveWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"api.test", []string{"api.test:80", "API.Test.:443"}, []string{"x.api.test:80", "api.test.evil:80", "127.0.0.1:80"}},
		{"api.test:8000-8099", []string{"api.test:8000", "api.test:8099"}, []string{"api.test:7999", "api.test:8100"}},
		{"*.api.test:443", []string{"a.api.test:443", "a.b.api.test:443"}, []string{"api.test:443", "xapi.test:443", "a.api.test:80"}},
		{"127.0.0.0/8", []string{"127.0.0.1:1", "127.9.9.9:65535", "[::ffff:127.0.0.1]:80"}, []string{"128.0.0.1:1", "[::1]:80"}},
		{"10.1.2.3", []string{"10.1.2.3:80"}, []string{"10.1.2.4:80"}},
		{"10.1.2.3/8:80", []string{"10.9.9.9:80"}, []string{"10.9.9.9:81"}},
		{"fd00::/8", []string{"[fd12::1]:80"}, []string{"[fe80::1]:80"}},
		{"[fd00::/8]:443", []string{"[fd12::1]:443"}, []string{"[fd12::1]:80"}},
		{"[::1]:80", []string{"[::1]:80"}, []string{"[::2]:80"}},
		{"::1", []string{"[::1]:80"}, nil},
		{"bücher.test", []string{"xn--bcher-kva.test:80", "BÜCHER.test.:80"}, []string{"bucher.test:80"}},
		{"*.bücher.test:443", []string{"a.xn--bcher-kva.test:443"}, []string{"xn--bcher-kva.test:443", "a.xn--bcher-kva.test:80"}},
	} {
		gate := New(list(t, c.pattern))
		for _, target := range c.yes {
			host, port, err := split(target)
			require.NoError(t, err)
			assert.NoError(t, gate.Target(host, port), "%s: %s", c.pattern, target)
		}
		for _, target := range c.no {
			host, port, err := split(target)
			require.NoError(t, err)
			assert.Error(t, gate.Target(host, port), "%s: %s", c.pattern, target)
		}
	}
}

func TestPatternsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, bad := range []string{
		"", "http://api.test", "api.test/path", "api.test:", "api.test:0", "api.test:90000", "api.test:9-1", "a b", "*api.test", "api.*.test",
		"[::1", "[::1]x", "10.0.0.0/33", "127.1", "0x7f000001", "2130706433", "-a.test", "user@api.test", "１２７.0.0.1",
	} {
		_, err := Parse("allowed_targets", []string{"ok.test", bad})
		var key *pace.KeyError
		if assert.ErrorAs(t, err, &key, "%q", bad) {
			assert.Equal(t, "allowed_targets[1]", key.Key)
			assert.Contains(t, key.Fix, "*.example.test:443")
		}
	}
	_, err := Parse("allowed_targets", []string{})
	assert.ErrorContains(t, err, "allowed_targets: is empty")
	l, err := Parse("allowed_targets", nil)
	require.NoError(t, err)
	assert.True(t, New(l, List{}).AllowsAll())
}

// A list for every host looks like a limit and is none. 7ed9d53 took them all.
func TestAListOfEverythingIsRefusedInEverySpelling(t *testing.T) {
	split := []string{}
	for bits := 1; bits <= 32; bits++ { // 128.0.0.0/1, 64.0.0.0/2, …
		split = append(split, netip.PrefixFrom(flip(netip.IPv4Unspecified(), bits-1), bits).String())
	}
	for _, all := range [][]string{
		{"*"}, {"*."}, {"*:443"}, {"*:1-65535"}, {"[*]:80"}, {"api.test", "*"},
		{"0.0.0.0/0"}, {"0.0.0.0/0:8080"}, {"10.1.2.3/0"}, {"::/0"}, {"[::/0]:80"},
		{"::ffff:0:0/96"}, {"[::ffff:0.0.0.0/96]:1"}, {"::ffff:0:0/90"},
		{"0.0.0.0/1", "128.0.0.0/1"}, {"0.0.0.0/1:80", "128.0.0.0/1:443"}, {"::/1", "8000::/1"},
		{"128.0.0.0/2", "10.0.0.0/8", "192.0.0.0/2", "0.0.0.0/1"}, {"::ffff:0:0/97", "128.0.0.0/1"},
		append(split, "0.0.0.0"),
	} {
		assert.True(t, AllowsAll(all), "%q", all)
		_, err := Parse("allowed_targets", all)
		var key *pace.KeyError
		if assert.ErrorAs(t, err, &key, "%q", all) {
			assert.Equal(t, "allowed_targets", key.Key)
			assert.Equal(t, "allows every host, which is no limit", key.What)
		}
	}
	for _, some := range [][]string{
		{"*.test"}, {"0.0.0.0/1"}, {"0.0.0.0/1", "::/1"}, {"0.0.0.0/1", "128.0.0.0/2"}, {"0.0.0.0", "::"}, {"127.0.0.0/8", "::1"},
		{"128.0.0.0/1", "0.0.0.0/2", "::/1"}, split,
	} {
		assert.False(t, AllowsAll(some), "%q", some)
		_, err := Parse("allowed_targets", some)
		assert.NoError(t, err, "%q", some)
	}
}

func TestATargetMustBeInEveryList(t *testing.T) {
	other, err := Parse("limits.allowed_targets", []string{"*.test"})
	require.NoError(t, err)
	gate := New(list(t, "api.test", "10.0.0.0/8"), other)
	assert.NoError(t, gate.Target("api.test", 80))
	assert.EqualError(t, gate.Target("api.example", 80), "api.example:80 is not in limits.allowed_targets")
	assert.EqualError(t, gate.Target("10.0.0.1", 80), "10.0.0.1:80 is not in limits.allowed_targets")
}

func TestANameAllowsNoAddressThatNoServiceHas(t *testing.T) {
	gate := New(list(t, "api.test", "localhost", "*.pods.test", "10.0.0.0/8"))
	for _, c := range []struct {
		host, peer string
		refusal    string
	}{
		{"api.test", "192.0.2.1:80", ""},
		{"a.pods.test", "192.0.2.1:80", ""},
		{"other.test", "10.2.3.4:80", ""},
		{"localhost", "127.0.0.1:80", ""},
		{"localhost", "[::1]:80", ""},
		{"other.test", "192.0.2.1:80", "other.test:80 resolves to 192.0.2.1, which is not in allowed_targets"},
		{"api.test", "127.0.0.1:80", "a name does not allow a loopback address"},
		{"api.test", "[::ffff:127.0.0.1]:80", "a name does not allow a loopback address"},
		{"api.test", "169.254.169.254:80", "a name does not allow a link-local address"},
		{"api.test", "[fe80::1%eth0]:80", "a name does not allow a link-local address"},
		{"api.test", "0.0.0.0:80", "a name does not allow the unspecified address"},
		{"api.test", "224.0.0.1:80", "a name does not allow a multicast address"},
		{"192.0.2.1", "192.0.2.1:80", "192.0.2.1:80 is not in allowed_targets"},
	} {
		err := gate.Peer(c.host, netip.MustParseAddrPort(c.peer))
		if c.refusal == "" {
			assert.NoError(t, err, "%+v", c)
		} else {
			assert.ErrorContains(t, err, c.refusal, "%+v", c)
		}
	}
	assert.NoError(t, New(list(t, "api.test", "169.254.0.0/16")).Peer("api.test", netip.MustParseAddrPort("169.254.1.1:80")))
}

// resolving is a resolver that knows one name, whose answers follow one another; the
// last goes on.
func resolving(t *testing.T, name string, answers ...string) *net.Resolver {
	asked := 0
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			request := make([]byte, 2048)
			n, err := far.Read(request)
			if err != nil || n < 2 {
				return
			}
			// A pipe is no packet connection, so that messages have their length before them.
			var query dnsmessage.Message
			if query.Unpack(request[2:n]) != nil {
				return
			}
			reply := dnsmessage.Message{Header: dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true}, Questions: query.Questions}
			q := query.Questions[0]
			if strings.TrimSuffix(q.Name.String(), ".") != name {
				reply.RCode = dnsmessage.RCodeNameError
			} else if q.Type == dnsmessage.TypeAAAA && name == "both.test" {
				reply.Answers = append(reply.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}, Body: &dnsmessage.AAAAResource{AAAA: netip.IPv6Loopback().As16()},
				})
			} else if q.Type == dnsmessage.TypeA {
				at := answers[min(asked, len(answers)-1)]
				asked++
				reply.Answers = append(reply.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{A: netip.MustParseAddr(at).As4()},
				})
			}
			packed, err := reply.Pack()
			if err == nil {
				_, _ = far.Write(append([]byte{byte(len(packed) >> 8), byte(len(packed))}, packed...))
			}
		}()
		return near, nil
	}}
}

func TestANameIsRefusedForWhatItResolvesTo(t *testing.T) {
	gate := New(list(t, "10.0.0.0/8"))
	require.NoError(t, gate.Target("shop.test", 80), "its name alone does not decide")
	gate.resolver = resolving(t, "shop.test", "192.0.2.7")
	err := gate.Lookup(t.Context(), "shop.test", 80)
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	assert.EqualError(t, err, "shop.test:80 resolves to 192.0.2.7, which is not in allowed_targets")

	gate.resolver = resolving(t, "shop.test", "10.3.2.1")
	assert.NoError(t, gate.Lookup(t.Context(), "shop.test", 80))
	assert.ErrorContains(t, gate.Lookup(t.Context(), "unknown.test", 80), "depends on what it resolves to")
	byName := New(list(t, "unknown.test"))
	byName.resolver = gate.resolver
	assert.NoError(t, byName.Lookup(t.Context(), "unknown.test", 80), "a name that the list has is not resolved")
}

// What a name resolved to before a run says nothing of what it resolves to later.
func TestANameThatResolvesElsewhereByThenIsNotDialled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := split(l.Addr().String())
	require.NoError(t, err)

	gate := New(list(t, "127.0.0.0/8"))
	gate.resolver = resolving(t, "shop.test", "127.0.0.1", "127.0.0.1", "192.0.2.7")
	require.NoError(t, gate.Lookup(t.Context(), "shop.test", port))
	dial := gate.Dial(&net.Dialer{})
	conn, err := dial(t.Context(), "tcp", target("shop.test", port))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	_, err = dial(t.Context(), "tcp", target("shop.test", port))
	var refusal *Refusal
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, "192.0.2.7", refusal.Addr)
}

func TestARebindToLoopbackIsNotDialledUnderAnAllowedName(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := split(l.Addr().String())
	require.NoError(t, err)
	gate := New(list(t, "shop.test"))
	gate.resolver = resolving(t, "shop.test", "127.0.0.1")
	_, err = gate.Dial(&net.Dialer{})(t.Context(), "tcp", target("shop.test", port))
	assert.ErrorContains(t, err, "a name does not allow a loopback address")
}

// That one address of a name is not allowed must not hide that the service at the
// other is down.
func TestTheReasonIsThatOfTheAddressThatIsAllowed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := split(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close()) // nobody listens there
	gate := New(list(t, "127.0.0.0/8"))
	gate.resolver = resolving(t, "both.test", "127.0.0.1")
	_, err = gate.Dial(&net.Dialer{})(t.Context(), "tcp", target("both.test", port))
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestAnOpenGateDialsAsTheDialerDoes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	conn, err := Gate{}.Dial(&net.Dialer{})(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	_, err = New(list(t, "10.0.0.0/8")).Dial(&net.Dialer{})(t.Context(), "tcp", l.Addr().String())
	assert.ErrorContains(t, err, "is not in allowed_targets")
}

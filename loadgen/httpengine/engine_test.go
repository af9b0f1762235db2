package httpengine

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// collect keeps what ends, for a server that is instrumented with the SDK.
type collect struct {
	sdktrace.SpanProcessor
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
}

func (c *collect) OnEnd(s sdktrace.ReadOnlySpan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, s)
}

func TestEveryServerSpanIsTheChildOfItsRequest(t *testing.T) {
	const requests = 20_000
	ended := &collect{SpanProcessor: sdktrace.NewSimpleSpanProcessor(nil)}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(ended))
	handler := otelhttp.NewHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "server",
		otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(propagation.TraceContext{}))
	a := attackOn(serve(t, handler).URL)
	a.Load = []pace.Stage{{Max: &pace.Max{Workers: 16}, Count: requests}}
	res := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{})

	parents := map[loadgen.TraceID]loadgen.SpanID{}
	for _, r := range res.Records {
		parents[r.TraceID] = r.SpanID
	}
	require.Len(t, parents, requests)
	require.Len(t, ended.spans, requests)
	for _, s := range ended.spans {
		parent, ok := parents[loadgen.TraceID(s.SpanContext().TraceID())]
		require.True(t, ok, "a server span in a trace of its own")
		require.Equal(t, parent, loadgen.SpanID(s.Parent().SpanID()))
		require.True(t, s.Parent().IsRemote())
		require.True(t, s.Parent().IsSampled())
		require.Contains(t, s.Parent().TraceState().String(), "loadtrace=")
	}
}

func TestTestTrafficIsMarkedIfThePlanSaysSo(t *testing.T) {
	var got atomic.Value
	s := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got.Store(r.Header.Clone())
	}))
	a := attackOn(s.URL)
	sendRequests(t, a, 1)
	assert.NotContains(t, got.Load(), "Baggage")
	assert.NotContains(t, got.Load(), "X-Vegeta-Seq")

	a.Name, a.Baggage = "check out", true
	sendRequests(t, a, 1)
	assert.Regexp(t, `^loadgen\.run\.id=[0-9a-f]{16},loadgen\.attack\.name=check%20out$`, got.Load().(http.Header).Get("Baggage"))
}

func TestProtocolsAndConnections(t *testing.T) {
	var conns atomic.Int64
	for _, c := range []struct {
		name           string
		protocol       loadgen.Protocol
		tls, keepAlive bool
		proto          uint8
		dialed         int
	}{
		{"http/1.1 keeps its connection", loadgen.ProtocolHTTP1, false, true, 11, 1},
		{"without keep-alive each request dials", loadgen.ProtocolHTTP1, false, false, 11, 5},
		{"http/1.1 over TLS", loadgen.ProtocolHTTP1, true, true, 11, 1},
		{"auto takes h2 over TLS", loadgen.ProtocolAuto, true, true, 20, 1},
		{"auto without TLS is http/1.1", loadgen.ProtocolAuto, false, true, 11, 1},
		{"h2", loadgen.ProtocolHTTP2, true, true, 20, 1},
		{"h2c", loadgen.ProtocolH2C, false, true, 20, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			conns.Store(0)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.Copy(w, r.Body)
			}))
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetHTTP1(true)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.EnableHTTP2 = true
			if c.tls {
				s.Config.Protocols.SetHTTP2(true)
				s.StartTLS()
			} else {
				s.Start()
			}
			t.Cleanup(s.Close)
			a := attackOn(s.URL)
			a.HTTP.Method, a.HTTP.Body = http.MethodPost, "hello"
			a.HTTP.Protocol, a.HTTP.KeepAlive = c.protocol, &c.keepAlive
			a.HTTP.TLS.InsecureSkipVerify = true

			dialed, reused := 0, 0
			for _, r := range sendRequests(t, a, 5) {
				require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
				assert.Equal(t, c.proto, r.Proto)
				assert.Equal(t, 200, r.Status)
				assert.EqualValues(t, 5, r.BytesSent)
				assert.EqualValues(t, 5, r.BytesReceived)
				assert.Equal(t, strings.TrimPrefix(strings.TrimPrefix(s.URL, "https://"), "http://"), r.Peer.String())
				assert.True(t, r.Local.IsValid())
				assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
				assert.Equal(t, c.tls && !r.Reused, r.Phases.TLS > 0)
				assert.Equal(t, !r.Reused, r.Phases.Connect > 0)
				dialed += r.Dialed
				if r.Reused {
					reused++
				}
			}
			assert.Equal(t, c.dialed, dialed)
			assert.Equal(t, 5-c.dialed, reused)
		})
	}
}

// Net/http's HTTP/2 has rules of its own for some headers, by their canonical names.
func TestHeadersInLowerCaseAreTheSameOverHTTP2(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "other.test", r.Host)
		want := http.Header{
			"User-Agent": {"me"}, "Authorization": {"x"}, "Cookie": {"a=b; c=d"}, "X-A": {"1", "2"},
			"Traceparent": r.Header["Traceparent"], "Tracestate": r.Header["Tracestate"],
		}
		assert.Equal(t, want, r.Header)
		assert.Len(t, r.Header["Traceparent"], 1)
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	a := attackFile(t, "GET "+s.URL+"/\nhost: other.test\nuser-agent: me\nauthorization: x\nconnection: keep-alive\ncookie: a=b; c=d\nx-a: 1\nX-A: 2\n", loadgen.TargetsHTTP)
	a.HTTP.Headers = map[string]string{"HOST": "plan.test", "x-A": "3"}
	a.HTTP.Protocol = loadgen.ProtocolH2C
	for _, r := range sendRequests(t, a, 2) {
		assert.Equal(t, 200, r.Status, r.ErrorText)
		assert.EqualValues(t, 20, r.Proto)
	}
}

func TestRedirectsAreOneRequest(t *testing.T) {
	var traceparents sync.Map
	mux := http.NewServeMux()
	mux.HandleFunc("/0", func(w http.ResponseWriter, r *http.Request) {
		traceparents.Store(r.Header.Get("Traceparent"), true)
		http.Redirect(w, r, "/1", http.StatusFound)
	})
	mux.HandleFunc("/1", func(w http.ResponseWriter, r *http.Request) {
		traceparents.Store(r.Header.Get("Traceparent"), true)
		http.Redirect(w, r, "/2", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/2", func(w http.ResponseWriter, r *http.Request) {
		traceparents.Store(r.Header.Get("Traceparent"), true)
		io.WriteString(w, "there")
	})
	a := attackOn(serve(t, mux).URL + "/0")

	r := sendRequests(t, a, 1)[0]
	assert.Equal(t, 302, r.Status, "none followed unless the plan says so")
	assert.Zero(t, r.Redirects)

	a.HTTP.Redirects = 2
	traceparents.Clear()
	r = sendRequests(t, a, 1)[0]
	assert.Equal(t, 200, r.Status)
	assert.Equal(t, 2, r.Redirects)
	assert.EqualValues(t, 5, r.BytesReceived)
	assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
	n := 0
	traceparents.Range(func(any, any) bool { n++; return true })
	assert.Equal(t, 1, n, "hops of one request carry one traceparent")

	a.HTTP.Redirects = 1
	r = sendRequests(t, a, 1)[0]
	assert.Equal(t, loadgen.Failed, r.Outcome)
	assert.Equal(t, loadgen.ErrorRedirects, r.Error, r.ErrorText)
}

// vegeta's client parses a Location before it asks whether to follow it.
func TestARedirectThatIsNotFollowedMayLeadNowhere(t *testing.T) {
	a := attackOn(serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://[::1/x%zz")
		w.WriteHeader(http.StatusFound)
		io.WriteString(w, "elsewhere")
	})).URL)
	r := sendRequests(t, a, 1)[0]
	assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
	assert.Equal(t, 302, r.Status)
	assert.EqualValues(t, 9, r.BytesReceived)
}

func TestClientCertificateAndPrivateCA(t *testing.T) {
	dir := t.TempDir()
	pki := loadgentest.NewPKI(t, dir)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	s.TLS = pki.ServerConfig()
	s.StartTLS()
	t.Cleanup(s.Close)
	a := attackOn(s.URL)
	a.HTTP.TLS = loadgen.TLS{
		CAFile: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "client.pem"),
		KeyFile: filepath.Join(dir, "client.key"), ServerName: "target.test",
	}
	r := sendRequests(t, a, 1)[0]
	require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
	assert.EqualValues(t, len("client"), r.BytesReceived)

	a.HTTP.TLS.ServerName = "other.test"
	assert.Equal(t, loadgen.ErrorTLS, sendRequests(t, a, 1)[0].Error)

	a.HTTP.TLS.ServerName, a.HTTP.TLS.CertFile, a.HTTP.TLS.KeyFile = "target.test", "", ""
	assert.Equal(t, loadgen.ErrorTLS, sendRequests(t, a, 1)[0].Error, "no client certificate")
}

func TestTargetsAreSentInTurnWithTheirBodies(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "body.json"), []byte(`{"a":1}`), 0o600))
	var mu sync.Mutex
	var got []string
	s := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-A")+" "+string(b))
	}))
	file := filepath.Join(dir, "targets.http")
	require.NoError(t, os.WriteFile(file, []byte("# two\nPOST "+s.URL+"/one\nX-A: 1\n@body.json\n\nGET "+s.URL+"/two\n"), 0o600))
	a := attackOn("")
	a.HTTP.URL, a.HTTP.Targets = "", &loadgen.Targets{File: file, Format: loadgen.TargetsHTTP}
	sendRequests(t, a, 4)
	assert.Equal(t, []string{"POST /one 1 {\"a\":1}", "GET /two  ", "POST /one 1 {\"a\":1}", "GET /two  "}, got)
}

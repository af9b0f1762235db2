package httpengine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// attackFile is an attack with the targets of a file.
func attackFile(t testing.TB, src string, format loadgen.TargetsFormat) loadgen.Attack {
	t.Helper()
	file := filepath.Join(t.TempDir(), "targets")
	require.NoError(t, os.WriteFile(file, []byte(src), 0o600))
	a := attackOn("")
	a.HTTP.URL, a.HTTP.Method, a.HTTP.Targets = "", "", &loadgen.Targets{File: file, Format: format}
	return a
}

// recorder is a connection to nowhere that keeps what is written to it.
type recorder struct {
	bytes   bytes.Buffer
	request *http.Request
	left    int // bytes after the request
	err     error
	done    chan struct{}
}

// dial returns a connection to a server that reads one request and answers it.
func (t *recorder) dial(context.Context, string, string) (net.Conn, error) {
	if t.done != nil {
		return nil, errors.New("dialed twice")
	}
	t.done = make(chan struct{})
	client, server := net.Pipe()
	go func() {
		defer close(t.done)
		defer server.Close()
		r := bufio.NewReader(io.TeeReader(server, &t.bytes))
		if t.request, t.err = http.ReadRequest(r); t.err != nil {
			return
		}
		if _, t.err = io.Copy(io.Discard, t.request.Body); t.err != nil {
			return
		}
		t.left = r.Buffered()
		_, t.err = io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}()
	return client, nil
}

// onTheWire sends a request once and returns what a server got. Its transport is
// the direct one or net/http's.
func onTheWire(t testing.TB, a loadgen.Attack, r *request, useDirect bool) *recorder {
	t.Helper()
	s := runner.Setup{Attack: a, Clock: time.Now()}
	via := new(recorder)
	var by transport
	if useDirect {
		require.NoError(t, r.makeReady(&s))
		by = &direct{wire.New(wire.Options{Clock: s.Clock, Timeout: 5 * time.Second, KeepAlive: true, MaxBody: 1, Dial: via.dial})}
	} else {
		by = newStandardOver(&s, nil, via.dial)
	}
	defer by.close()
	it := &iteration{setup: &s, request: r}
	err := by.carry(it, 0)
	require.NotNil(t, via.done, "nothing was dialed: %v", err)
	<-via.done
	require.NoError(t, via.err, "%q", via.bytes.String())
	require.NoError(t, err, "%q", via.bytes.String())
	assert.Equal(t, 200, it.record.Status)
	assert.Zero(t, via.left, "a second request: %q", via.bytes.String())
	return via
}

// sentBoth sends the first request of an attack by both transports, which must
// write the same bytes.
func sentBoth(t testing.TB, a loadgen.Attack, baggage string) *recorder {
	t.Helper()
	requests, err := readRequests(t.Context(), a.HTTP, baggage)
	require.NoError(t, err)
	one, other := onTheWire(t, a, requests[0], true), onTheWire(t, a, requests[0], false)
	require.Equal(t, other.bytes.String(), one.bytes.String())
	return one
}

func TestAHeaderIsOneHeaderInAnyCase(t *testing.T) {
	for _, c := range []struct{ name, headers, want string }{
		{"host", "host: other.test", "Host: other.test\r\n"},
		{"HOST", "HOST: other.test:81", "Host: other.test:81\r\n"},
		{"an internationalised host", "Host: bücher.test", "Host: xn--bcher-kva.test\r\n"},
		{"user-agent", "user-agent: me", "User-Agent: me\r\n"},
		{"an empty agent is none", "X-A: 1", "User-Agent: Go-http-client/1.1\r\n"},
		{"authorization over the plan's", "authorization: Bearer target", "Authorization: Bearer target\r\n"},
		{"content-type over the plan's", "CONTENT-TYPE: a/b", "Content-Type: a/b\r\n"},
		{"connection", "connection: close", "Connection: close\r\n"},
		{"several values", "x-a: 1\nX-A: 2\nX-a: 3", "X-A: 1\r\nX-A: 2\r\nX-A: 3\r\n"},
		{"several values over the plan's", "accept: a/b\nAccept: c/d", "Accept: a/b\r\nAccept: c/d\r\n"},
		{"the plan's, where the target has none", "X-A: 1", "Accept: plan/accept\r\n"},
		{"a name that begins like the plan's", "Accept-Language: de", "Accept: plan/accept\r\nAccept-Language: de\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var members []string
			for line := range strings.SplitSeq(c.headers, "\n") {
				name, value, _ := strings.Cut(line, ": ")
				members = append(members, fmt.Sprintf("%q:[%q]", name, value))
			}
			for format, src := range map[loadgen.TargetsFormat]string{
				loadgen.TargetsHTTP: "POST http://h/path\n" + c.headers + "\n",
				loadgen.TargetsJSON: `{"method":"POST","url":"http://h/path","header":{` + strings.Join(members, ",") + "}}",
			} {
				a := attackFile(t, src, format)
				a.HTTP.Body = "hello"
				a.HTTP.Headers = map[string]string{"AUTHORIZATION": "Bearer plan", "content-type": "plan/type", "accept": "plan/accept"}
				sent := sentBoth(t, a, "").bytes.String()
				assert.Contains(t, sent, c.want, format)
				name, _, _ := strings.Cut(c.want, ":")
				assert.Equal(t, strings.Count(c.want, "\r\n"+name+":"), strings.Count(strings.ToLower(sent), strings.ToLower("\r\n"+name+":"))-1, "%s in %s", name, sent)
				assert.Contains(t, sent, "Content-Length: 5\r\n")
			}
		})
	}
}

func TestThePlansOwnHeadersAreOneInAnyCaseToo(t *testing.T) {
	a := attackOn("http://u:p@h/")
	a.HTTP.Headers = map[string]string{"host": "other.test", "user-agent": "me", "AUTHORIZATION": " x\t", "content-type": "a/b", "BAGGAGE": "a=1"}
	sent := sentBoth(t, a, "b=2")
	assert.Equal(t, "other.test", sent.request.Host)
	assert.Equal(t, http.Header{
		"User-Agent": {"me"}, "Authorization": {"x"}, "Content-Type": {"a/b"}, "Baggage": {"a=1,b=2"},
		"Traceparent": sent.request.Header["Traceparent"], "Tracestate": sent.request.Header["Tracestate"],
	}, sent.request.Header)
}

func TestBaggageIsOneList(t *testing.T) {
	a := attackFile(t, "GET http://h/\nbaggage: a=1\nBaggage: b=2;p\n", loadgen.TargetsHTTP)
	a.HTTP.Headers = map[string]string{"Baggage": "plan=1"}
	assert.Equal(t, []string{"a=1,b=2;p,run=x"}, sentBoth(t, a, "run=x").request.Header["Baggage"])
	assert.Equal(t, []string{"a=1", "b=2;p"}, sentBoth(t, a, "").request.Header["Baggage"])
}

func TestWhoAuthorizesATarget(t *testing.T) {
	plan := map[string]string{"Authorization": "plan"}
	for _, c := range []struct {
		name, src, want string
		plan            map[string]string
	}{
		{"its header", "GET http://u:p@h/\nauthorization: own\n", "own", plan},
		{"else its user", "GET http://u:p@h/\n", "Basic dTpw", plan},
		{"else the plan", "GET http://h/\n", "plan", plan},
		{"else nobody", "GET http://h/\n", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attackFile(t, c.src, loadgen.TargetsHTTP)
			a.HTTP.Headers = c.plan
			assert.Equal(t, c.want, sentBoth(t, a, "").request.Header.Get("Authorization"))
		})
	}
}

func TestATargetBelowAHeaderIsAttacked(t *testing.T) {
	a := attackFile(t, "GET http://h/1\nX-A: 1\nGET http://h/2\n# three\nGET http://h/3\n", loadgen.TargetsHTTP)
	requests, err := readRequests(t.Context(), a.HTTP, "")
	require.NoError(t, err)
	require.Len(t, requests, 3)
	for i, r := range requests {
		assert.Equal(t, fmt.Sprintf("/%d", i+1), onTheWire(t, a, r, true).request.URL.Path)
	}
}

func TestFaultsOfATargetsFileNameFileAndLine(t *testing.T) {
	a := attackFile(t, "GET http://h/\ncontent-length: 5\n\nGET http://h/ HTTP/1.1\n", loadgen.TargetsHTTP)
	_, err := Open(runner.Setup{Attack: a})
	file := a.HTTP.Targets.File
	assert.EqualError(t, err, "http.targets.file: "+file+":2: header content-length: follows from the body; leave it out\n"+
		"http.targets.file: "+file+`:4: "http://h/ HTTP/1.1" has HTTP/1.1 after it; leave that out: the plan's key protocol sets the version`)
	var key *pace.KeyError
	require.ErrorAs(t, err, &key)
	assert.Equal(t, "http.targets.file", key.Key)

	_, err = Open(runner.Setup{Attack: attackFile(t, "# nothing\n", loadgen.TargetsHTTP)})
	assert.ErrorContains(t, err, "targets: no targets; write one such as GET http://127.0.0.1:8080/")
}

func TestABodyFileWithATemplateIsRefusedUnlessItIsLiteral(t *testing.T) {
	file := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(file, []byte(`{"id": "{{newUUID}}"}`), 0o600))
	a := attackOn("http://h/")
	a.HTTP.BodyFile = file
	_, err := Open(runner.Setup{Attack: a})
	assert.EqualError(t, err, `http.body_file: "{{newUUID}}" would be sent as it is: HTTP attacks have no templates; write what is meant, or literal: true below http to send it so`)
	a.HTTP.Literal = true
	assert.Contains(t, sentBoth(t, a, "").bytes.String(), "{{newUUID}}")
}

// A plan that did not come from planfile is held to the same rules.
func TestOpenRefusesWhatCannotBeSent(t *testing.T) {
	for want, change := range map[string]func(*loadgen.HTTP){
		`http.url: "http://h/ x" has a space in it; write %20 for a space`:    func(h *loadgen.HTTP) { h.URL = "http://h/ x" },
		`http.method: "get" is not supported; write one of GET, HEAD`:         func(h *loadgen.HTTP) { h.Method = "get" },
		`http.headers.traceparent: is the generator's: it names the trace of`: func(h *loadgen.HTTP) { h.Headers = map[string]string{"traceparent": "x"} },
		`http.headers.A: its value has characters that no header may have`:    func(h *loadgen.HTTP) { h.Headers = map[string]string{"A": "x\r\ny: z"} },
	} {
		a := attackOn("http://h/")
		change(a.HTTP)
		_, err := Open(runner.Setup{Attack: a})
		assert.ErrorContains(t, err, want)
	}
}

func TestFilesThatCannotBeReadNameTheirKey(t *testing.T) {
	dir := t.TempDir()
	notPEM := filepath.Join(dir, "not.pem")
	require.NoError(t, os.WriteFile(notPEM, []byte("x"), 0o600))
	for key, change := range map[string]func(*loadgen.HTTP){
		"http.targets.file":  func(h *loadgen.HTTP) { h.URL, h.Targets = "", &loadgen.Targets{File: filepath.Join(dir, "none")} },
		"http.body_file":     func(h *loadgen.HTTP) { h.BodyFile = filepath.Join(dir, "none") },
		"http.tls.ca_file":   func(h *loadgen.HTTP) { h.TLS.CAFile = notPEM },
		"http.tls.cert_file": func(h *loadgen.HTTP) { h.TLS.CertFile, h.TLS.KeyFile = notPEM, notPEM },
	} {
		a := attackOn("http://127.0.0.1/")
		change(a.HTTP)
		_, err := Open(runner.Setup{Attack: a})
		require.Error(t, err, key)
		assert.Contains(t, err.Error(), key+": ")
	}
}

func TestAFileWithoutEndIsAFault(t *testing.T) {
	for want, change := range map[string]func(*loadgen.HTTP){
		"http.body_file: /dev/zero is longer than 128 MiB":   func(h *loadgen.HTTP) { h.BodyFile = "/dev/zero" },
		"http.tls.ca_file: /dev/zero is longer than 4 MiB":   func(h *loadgen.HTTP) { h.TLS.CAFile = "/dev/zero" },
		"http.tls.cert_file: /dev/zero is longer than 4 MiB": func(h *loadgen.HTTP) { h.TLS.CertFile = "/dev/zero" },
	} {
		a := attackOn("https://127.0.0.1/")
		change(a.HTTP)
		_, err := Open(runner.Setup{Attack: a})
		assert.ErrorContains(t, err, want)
	}
}

// The opening of an engine waits for a pipe no longer than its context lasts.
func TestAPipeThatDoesNotEndIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	list := filepath.Join(dir, "targets")
	require.NoError(t, os.WriteFile(list, []byte("POST http://h/\n@"+pipe+"\n"), 0o600))
	enough := errors.New("enough")
	for key, change := range map[string]func(*loadgen.HTTP){
		"http.targets.file":       func(h *loadgen.HTTP) { h.URL, h.Targets = "", &loadgen.Targets{File: pipe} },
		"http.targets.file: list": func(h *loadgen.HTTP) { h.URL, h.Targets = "", &loadgen.Targets{File: list} },
		"http.body_file":          func(h *loadgen.HTTP) { h.BodyFile = pipe },
		"http.tls.ca_file":        func(h *loadgen.HTTP) { h.TLS.CAFile = pipe },
		"http.tls.cert_file":      func(h *loadgen.HTTP) { h.TLS.CertFile = pipe },
		"http.tls.key_file":       func(h *loadgen.HTTP) { h.TLS.CertFile, h.TLS.KeyFile = list, pipe },
	} {
		a := attackOn("https://127.0.0.1/")
		change(a.HTTP)
		opening, end := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Millisecond, func() { end(enough) })
		_, err := Open(runner.Setup{Attack: a, Opening: opening})
		key, _, _ = strings.Cut(key, ": list")
		require.ErrorContains(t, err, key+": ")
		assert.ErrorContains(t, err, "enough")
	}
	f, err := os.OpenFile(pipe, os.O_RDWR, 0) // lets go whoever still opens it
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// Whatever a targets file is, reading it does not panic; and what it accepts is
// sent by both transports with the same bytes, as one request that a server
// understands.
func FuzzTargets(f *testing.F) {
	for _, src := range []string{
		"GET http://h/\nX-A: 1\n\nPOST http://h/2\n",
		"GET http://u:p@h:81/a%20b?c=d\nhost: other.test\nuser-agent: me\nconnection: close\nGET http://[::1]/\n",
		"PUT http://h/\nAccept : a\naccept:b\n# c\nX-{{a}}: ${b}\n@/d/x\n@",
		"\ufeffGET http://ä.test/é?é=<>\r\nX-A: é\r\n\r\n",
		"POST http://h/\n{\"a\": 1}\n", "HEAD http://h%41/#f\n:path: /\nexpect: 100-continue\n",
	} {
		f.Add(src, false, false)
	}
	for _, src := range []string{
		`{"method":"GET","url":"http://h/"}`,
		"{\n \"method\": \"POST\",\n \"url\": \"https://h/?q=\\u00e9\",\n \"header\": {\"x-a\": [\"1\", \"\", \" 2 \"]},\n \"body\": \"aGk=\"\n}\n",
		`[{"method":"GET"}]`, `{"method":"GET","url":"http://h/","headers":{}}`, "{\"a\n{", `{"method":"GET","url":"http://h/","header":{"Host":["a"]}}{`,
	} {
		f.Add(src, true, true)
	}
	f.Fuzz(func(t *testing.T, src string, json, literal bool) {
		format := loadgen.TargetsHTTP
		if json {
			format = loadgen.TargetsJSON
		}
		src = strings.ReplaceAll(src, "/dev/", "/d/") // some are without end
		a := attackFile(t, src, format)
		a.HTTP.Literal = literal
		requests, err := readRequests(t.Context(), a.HTTP, "")
		if err != nil {
			require.Empty(t, requests)
			return
		}
		require.NotEmpty(t, requests)
		for _, r := range requests[:min(3, len(requests))] {
			require.NotEmpty(t, r.target.Host)
			require.NotZero(t, r.target.Port)
			r.url.Scheme = "http" // what is written is the same over TLS
			if !suits(a.HTTP, []*request{r}) {
				continue
			}
			one, other := onTheWire(t, a, r, true), onTheWire(t, a, r, false)
			require.Equal(t, other.bytes.String(), one.bytes.String())
			require.Equal(t, r.url.RequestURI(), one.request.RequestURI)
			require.Equal(t, r.target.Method, one.request.Method)
			for name, values := range r.header {
				if name == "User-Agent" && values[0] == "" || name == "Connection" {
					continue // none, and one that the server's reader takes out
				}
				require.Equal(t, values, one.request.Header[name], name)
			}
		}
	})
}

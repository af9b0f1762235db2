package httpengine

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func TestABadTargetIsNamedWithItsLine(t *testing.T) {
	for _, c := range []struct {
		name, src, want string
		format          loadgen.TargetsFormat
	}{
		{name: "empty", src: "\n# nothing\n", want: "no targets"},
		{name: "no URL", src: "GET http://h/\n\nGET\n", want: "line 3"},
		{name: "unknown method", src: "GET http://h/\n\nBREW http://h/\n", want: `method "BREW" is not one of GET`},
		{name: "lower-case method", src: "get http://h/\n", want: "line 1"},
		{name: "no scheme", src: "GET /path\n", want: `URL "/path" does not begin with http://`},
		{name: "no host", src: "GET http:///path\n", want: "has no host"},
		{name: "bad port", src: "GET http://h:70000/\n", want: "port 70000"},
		{name: "bad header", src: "GET http://h/\nX-A 1\n", want: "line 2"},
		{name: "no body file", src: "POST http://h/\n@missing.json\n", want: "missing.json"},
		{name: "a line without end", src: "GET http://h/\nX-A: " + strings.Repeat("a", 70_000) + "\n", want: "longer than"},
		{name: "no JSON", src: `{"method":"GET","url":"http://h/"}` + "\n{\n", want: "line 2", format: loadgen.TargetsJSON},
		{name: "JSON without URL", src: `{"method":"GET"}` + "\n", want: "url is missing", format: loadgen.TargetsJSON},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readTargets(strings.NewReader(c.src), t.TempDir(), c.format, nil, nil, "")
			require.Error(t, err)
			assert.Contains(t, err.Error(), c.want)
		})
	}
}

func TestJSONTargets(t *testing.T) {
	src := `{"method":"POST","url":"http://u:p@h/1","body":"aGk=","header":{"X-A":["1"]}}` + "\n\n" + `{"method":"GET","url":"https://h/2"}`
	requests, err := readTargets(strings.NewReader(src), "", loadgen.TargetsJSON, []byte("default"), http.Header{"X-B": {"2"}}, "")
	require.NoError(t, err)
	require.Len(t, requests, 2)
	assert.Equal(t, "hi", string(requests[0].body))
	assert.Equal(t, loadgen.Target{Method: "POST", URL: "http://h/1", Scheme: "http", Host: "h", Port: 80}, requests[0].target)
	assert.Equal(t, "Basic dTpw", requests[0].header.Get("Authorization"), "credentials leave the URL, which telemetry shows")
	assert.Equal(t, "default", string(requests[1].body))
	assert.Equal(t, 443, requests[1].target.Port)
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

func FuzzTargets(f *testing.F) {
	f.Add("GET http://h/\nX-A: 1\n\nPOST http://h/2\n", false)
	f.Add(`{"method":"GET","url":"http://h/"}`, true)
	f.Add("@x\nGET http://h/\n@", false)
	f.Fuzz(func(t *testing.T, src string, json bool) {
		format := loadgen.TargetsHTTP
		if json {
			format = loadgen.TargetsJSON
		}
		requests, err := readTargets(strings.NewReader(src), t.TempDir(), format, nil, http.Header{}, "")
		if err != nil {
			assert.Empty(t, requests)
			return
		}
		for _, r := range requests {
			assert.NotEmpty(t, r.target.Host)
			assert.Contains(t, methods, r.target.Method)
			r.send(t.Context(), "tp", "ts", new(atomic.Int64))
		}
	})
}

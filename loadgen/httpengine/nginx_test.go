//go:build peers

package httpengine

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

var nginxConf = template.Must(template.New("").Parse(`
{{if .Root}}user root; {{end}}daemon off; worker_processes 1; pid {{.Dir}}/pid; error_log {{.Dir}}/error.log;
events { worker_connections 256; }
http {
	access_log off; if_modified_since before; client_body_temp_path {{.Dir}}/body; proxy_temp_path {{.Dir}}/proxy;
	fastcgi_temp_path {{.Dir}}/fcgi; uwsgi_temp_path {{.Dir}}/uwsgi; scgi_temp_path {{.Dir}}/scgi;
	gzip on; gzip_types text/plain; gzip_min_length 1;
	server {
		listen {{.Plain}}; listen {{.TLS}} ssl;
		ssl_certificate {{.Dir}}/server.pem; ssl_certificate_key {{.Dir}}/server.key;
		root {{.Dir}}/www; client_max_body_size 1k; default_type text/plain;
		location = /few { keepalive_requests 2; return 200 "hello"; }
		location = /brief { keepalive_timeout 0; return 200 "hello"; }
		location = /none { return 204; }
		location = /moved { return 301 /hello; }
		location = /hello { return 200 "hello"; }
		location = /hangup { return 444; }
	}
	server {
		listen {{.H2}} ssl http2; listen {{.H2C}} http2; keepalive_requests 20; http2_max_concurrent_streams 8;
		ssl_certificate {{.Dir}}/server.pem; ssl_certificate_key {{.Dir}}/server.key;
		access_log {{.Dir}}/access.log;
		location = /hello { return 200 "hello"; }
	}
}`))

// nginxServer is where it listens.
type nginxServer struct {
	Dir        string
	Plain, TLS string
	H2, H2C    string // of HTTP/2, where connections are given up after 20 requests
	Root       bool
}

func serveNginx(t *testing.T) nginxServer {
	bin, err := exec.LookPath("nginx")
	require.NoError(t, err, "nginx is missing; on Debian: apt-get install nginx-light")
	dir := t.TempDir()
	loadgentest.NewPKI(t, dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "www"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "www", "big"), bytes.Repeat([]byte("x"), 3<<20), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "www", "text"), bytes.Repeat([]byte("hello\n"), 5000), 0o644))
	require.NoError(t, os.Chmod(dir, 0o755))
	s := nginxServer{
		Dir: dir, Plain: freeAddress(t), TLS: freeAddress(t), H2: freeAddress(t), H2C: freeAddress(t), Root: os.Getuid() == 0,
	}
	conf, err := os.Create(filepath.Join(dir, "nginx.conf"))
	require.NoError(t, err)
	require.NoError(t, nginxConf.Execute(conf, s))
	require.NoError(t, conf.Close())

	cmd := exec.Command(bin, "-e", filepath.Join(dir, "error.log"), "-c", conf.Name())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", s.Plain)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond, "nginx does not listen")
	return s
}

func freeAddress(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// A server of another family than Go's, with habits of its own.
func TestNginxIsUnderstood(t *testing.T) {
	nginx := serveNginx(t)
	plain, secure := nginx.Plain, nginx.TLS
	gzip := map[string]string{"Accept-Encoding": "gzip"}
	for _, c := range []struct {
		name, method, path string
		headers            map[string]string
		body               int // bytes sent
		status             int
		received           int64 // -1: any number
		reused             int   // of five
	}{
		{"a short answer", "GET", "/hello", nil, 0, 200, 5, 4},
		{"HEAD", "HEAD", "/hello", nil, 0, 200, 0, 4},
		{"no content", "GET", "/none", nil, 0, 204, 0, 4},
		{"a redirect that is not followed", "GET", "/moved", nil, 0, 301, -1, 4},
		{"a file", "GET", "/big", nil, 0, 200, 3 << 20, 4},
		{"a range", "GET", "/big", map[string]string{"Range": "bytes=0-9"}, 0, 206, 10, 4},
		{"chunks", "GET", "/text", gzip, 0, 200, -1, 4},
		{"not modified", "GET", "/big", map[string]string{"If-Modified-Since": time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}, 0, 304, 0, 4},
		{"not found", "GET", "/nowhere", nil, 0, 404, -1, 4},
		{"a method it refuses", "POST", "/big", nil, 10, 405, -1, 4},
		{"two requests for each connection", "GET", "/few", nil, 0, 200, 5, 2},
		{"one request for each connection", "GET", "/brief", nil, 0, 200, 5, 0},
		{"a body that it refuses to read", "POST", "/hello", nil, 1 << 20, 413, -1, 0},
	} {
		for _, url := range []string{"http://" + plain, "https://" + secure} {
			t.Run(c.name+" over "+url[:5], func(t *testing.T) {
				bothTransports(t, func(t *testing.T, open runner.Open) {
					a := attackOn(url + c.path)
					a.HTTP.Method, a.HTTP.Headers, a.HTTP.Body = c.method, c.headers, strings.Repeat("x", c.body)
					a.HTTP.MaxBody = 4 << 20
					a.HTTP.Protocol, a.HTTP.TLS.InsecureSkipVerify = loadgen.ProtocolHTTP1, true
					reused := 0
					for _, r := range send(t, open, a, 5) {
						require.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
						assert.Equal(t, c.status, r.Status)
						assert.EqualValues(t, 11, r.Proto)
						if c.received >= 0 {
							assert.Equal(t, c.received, r.BytesReceived)
						}
						if r.Reused {
							reused++
						}
					}
					assert.Equal(t, c.reused, reused)
				})
			})
		}
	}
	t.Run("it hangs up", func(t *testing.T) {
		bothTransports(t, func(t *testing.T, open runner.Open) {
			for _, r := range send(t, open, attackOn("http://"+plain+"/hangup"), 3) {
				assert.Equal(t, loadgen.ErrorClosed, r.Error, r.ErrorText)
			}
		})
	})
}

// nginx gives up HTTP/2 connections in good order, as a matter of course, while
// requests are under way to it. None of them fails, and each is served once.
func TestNginxMayGiveUpHTTP2Connections(t *testing.T) {
	nginx := serveNginx(t)
	served := func() int {
		log, err := os.ReadFile(filepath.Join(nginx.Dir, "access.log"))
		require.NoError(t, err)
		return bytes.Count(log, []byte("GET /hello HTTP/2.0\" 200"))
	}
	for p, url := range map[loadgen.Protocol]string{loadgen.ProtocolHTTP2: "https://" + nginx.H2, loadgen.ProtocolH2C: "http://" + nginx.H2C} {
		for _, most := range []int{0, 1, 3} {
			before := served()
			a := attackOn(url + "/hello")
			a.HTTP.Protocol, a.HTTP.MaxConnections, a.HTTP.TLS.InsecureSkipVerify = p, most, true
			all(t, run(t, a, pace.Stage{Max: &pace.Max{Workers: 30}, Count: 2000}), 2000)
			require.Eventually(t, func() bool { return served()-before >= 2000 }, 5*time.Second, 10*time.Millisecond)
			assert.Equal(t, 2000, served()-before)
		}
	}
}

//go:build interop

package interop

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/stack"
)

// otlp is where a run listens: host:port of OTLP over HTTP and over gRPC.
type otlp struct{ http, grpc string }

// target is a server that others wrote, and what is known of it.
type target struct {
	name    string
	service string // as its SDK calls it
	behind  string // a service that it calls, if any
	server  func(*testing.T, otlp) stack.Server
	// attacks of the plan, with as many requests each as load says.
	attacks func(at *stack.Instance, load string) string
	// counted is how many of the attacks' requests it says that it has answered.
	counted func(*testing.T, *stack.Instance) uint64
	// can is what its telemetry has beside spans, so that a request can be complete.
	can signals
}

// signals that a target sends.
type signals struct{ runtime, logs bool }

var (
	caddy = target{
		name: "caddy", service: "caddy",
		server: func(t *testing.T, to otlp) stack.Server { return caddyWith(t, to, "Caddyfile", "") },
		attacks: func(at *stack.Instance, load string) string {
			return fmt.Sprintf("[{http: {url: %q}, load: %s}]", at.URL("http")+"/greet", load)
		},
		counted: func(t *testing.T, at *stack.Instance) uint64 {
			return series(t, at.URL("admin")+"/metrics", `caddy_http_requests_total{`, `handler="subroute"`)
		},
	}
	h2c = target{
		name: "caddy over h2c", service: "caddy", server: caddy.server, counted: caddy.counted,
		attacks: func(at *stack.Instance, load string) string {
			return fmt.Sprintf("[{http: {url: %q, protocol: h2c}, load: %s}]", at.URL("http")+"/greet", load)
		},
	}
	// A proxy that traces, too, before a service: the proxy is what answers.
	proxy = target{
		name: "caddy before go", service: "caddy", behind: "greeter", can: signals{logs: true},
		server: func(t *testing.T, to otlp) stack.Server {
			backend, err := stack.Start(t.Context(), goService(t, to), stack.Options{Data: t.TempDir(), Progress: t.Output()})
			require.NoError(t, err)
			t.Cleanup(func() { stop(t, backend) })
			return caddyWith(t, to, "Proxyfile", backend.Address("http"))
		},
		attacks: gohttp.attacks,
		counted: caddy.counted,
	}
	opa = target{
		name: "opa", service: "opa",
		server: func(_ *testing.T, to otlp) stack.Server {
			return stack.Server{
				Name: "opa", Dir: "internal/interop/opa", Package: "github.com/open-policy-agent/opa", Tags: "netgo,grpcnotrace",
				Ports: []stack.Port{{Name: "http"}, {Name: "diagnostic"}}, Config: "config.yaml",
				Args: func(config string, at stack.Addresses) []string {
					return []string{
						"run", "--server", "--disable-telemetry", "--addr", at["http"], "--diagnostic-addr", at["diagnostic"],
						"--config-file", config, filepath.Join(filepath.Dir(config), "policy.rego"),
					}
				},
				Env:       func(stack.Addresses) []string { return []string{"OTLP=" + to.grpc} },
				ReadyPort: "diagnostic", ReadyPath: "/health",
			}
		},
		attacks: func(at *stack.Instance, load string) string {
			return fmt.Sprintf(`[{http: {url: %q, method: POST, body: '{"input": {"name": "alice"}}'}, load: %s}]`,
				at.URL("http")+"/v1/data/greet/allow", load)
		},
		counted: func(t *testing.T, at *stack.Instance) uint64 {
			return series(t, at.URL("diagnostic")+"/metrics", `http_request_duration_seconds_count{`, `handler="v1/data"`)
		},
	}
	etcd = target{
		name: "etcd", service: "etcd",
		server: func(_ *testing.T, to otlp) stack.Server {
			return stack.Server{
				Name: "etcd", Dir: "internal/interop/etcd", Package: "go.etcd.io/etcd/server/v3", Tags: "netgo,grpcnotrace",
				Ports: []stack.Port{{Name: "client"}, {Name: "peer"}, {Name: "metrics"}},
				Args: func(_ string, at stack.Addresses) []string {
					client, peer := "http://"+at["client"], "http://"+at["peer"]
					return []string{
						"--data-dir=etcd", "--listen-client-urls=" + client, "--advertise-client-urls=" + client,
						"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
						"--listen-metrics-urls=http://" + at["metrics"],
						"--enable-distributed-tracing", "--distributed-tracing-address=" + to.grpc,
					}
				},
				ReadyPort: "metrics", ReadyPath: "/health",
			}
		},
		attacks: func(at *stack.Instance, load string) string {
			return fmt.Sprintf(`[{grpc: {target: %q, plaintext: true, method: etcdserverpb.KV/Range, proto: %q, data: {key: Z3JlZXQ=}}, load: %s}]`,
				at.Address("client"), source("etcd/kv.proto"), load)
		},
		counted: func(t *testing.T, at *stack.Instance) uint64 {
			return series(t, at.URL("metrics")+"/metrics", `grpc_server_handled_total{grpc_code="OK"`, `grpc_method="Range"`)
		},
	}
	// With a name of its instance, its clock is followed from request to request.
	named = target{
		name: "etcd with an instance", service: "etcd", attacks: etcd.attacks, counted: etcd.counted,
		server: func(t *testing.T, to otlp) stack.Server {
			s := etcd.server(t, to)
			args := s.Args
			s.Args = func(config string, at stack.Addresses) []string {
				return append(args(config, at), "--distributed-tracing-instance-id=etcd-0")
			}
			return s
		},
	}
	prometheus = target{
		name: "prometheus", service: "prometheus",
		server: func(t *testing.T, to otlp) stack.Server {
			config := filepath.Join(t.TempDir(), "prometheus.yml")
			text := fmt.Sprintf("tracing: {endpoint: %q, insecure: true}\n", to.grpc)
			require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
			s := stack.Prometheus()
			args := s.Args
			s.Args = func(_ string, at stack.Addresses) []string { return args(config, at) }
			return s
		},
		attacks: func(at *stack.Instance, load string) string {
			return fmt.Sprintf("[{http: {url: %q}, load: %s}]", at.URL("http")+"/api/v1/query?query=vector(1)", load)
		},
		counted: func(t *testing.T, at *stack.Instance) uint64 {
			return series(t, at.URL("http")+"/metrics", `prometheus_http_requests_total{code="200"`, `handler="/api/v1/query"`)
		},
	}
	gohttp = target{
		name: "go", service: "greeter", can: signals{runtime: true, logs: true},
		server: goService,
		attacks: func(at *stack.Instance, load string) string {
			return fmt.Sprintf("[{http: {url: %q}, load: %s}]", at.URL("http")+"/greet/alice", load)
		},
		counted: ownCount,
	}
	node = target{
		name: "node", service: "greeter", can: signals{runtime: true, logs: true},
		server: nodeService,
		attacks: func(at *stack.Instance, load string) string {
			return fmt.Sprintf(`[{name: express, http: {url: %q}, load: %s}, {name: grpc, grpc: {target: %q, plaintext: true, method: greet.v1.Greeter/Greet, proto: %q, data: {name: alice}}, load: %s}]`,
				at.URL("http")+"/greet/alice", load, at.Address("grpc"), source("node/greet.proto"), load)
		},
		counted: ownCount,
	}
)

// environment is that of OpenTelemetry's SDKs, as their documentation has it, but for
// the interval of metrics: by default it is a minute, longer than a run here.
func environment(to otlp) []string {
	return []string{
		"OTEL_SERVICE_NAME=greeter", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + to.http, "OTEL_METRIC_EXPORT_INTERVAL=1000",
	}
}

// caddyWith is Caddy with one of its configurations here.
func caddyWith(t *testing.T, to otlp, config, backend string) stack.Server {
	home := t.TempDir() // where it keeps its state
	return stack.Server{
		Name: "caddy", Dir: "internal/interop/caddy", Package: "github.com/caddyserver/caddy/v2/cmd/caddy",
		Tags:  "netgo,grpcnotrace,nobadger,nomysql,nopgx",
		Ports: []stack.Port{{Name: "http"}, {Name: "admin"}}, Config: config,
		Args: func(config string, _ stack.Addresses) []string {
			return []string{"run", "--adapter", "caddyfile", "--config", config}
		},
		Env: func(at stack.Addresses) []string {
			return []string{
				"HTTP=" + at["http"], "ADMIN=" + at["admin"], "BACKEND=" + backend, "XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home,
				"OTEL_SERVICE_NAME=caddy", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + to.http,
			}
		},
		ReadyPort: "admin", ReadyPath: "/config/",
	}
}

func goService(_ *testing.T, to otlp) stack.Server {
	return stack.Server{
		Name: "gohttp", Dir: "internal/interop/gohttp", Package: ".",
		Ports: []stack.Port{{Name: "http"}, {Name: "admin"}},
		Args: func(_ string, at stack.Addresses) []string {
			return []string{"--http", at["http"], "--admin", at["admin"]}
		},
		Env:       func(stack.Addresses) []string { return environment(to) },
		ReadyPort: "admin", ReadyPath: "/count",
	}
}

// goOverGRPC is the service of Go's with an exporter of spans over gRPC that names the
// endpoint and says nothing of TLS, which it speaks then. It has no other telemetry.
func goOverGRPC(environment ...string) func(*testing.T, otlp) stack.Server {
	return func(t *testing.T, to otlp) stack.Server {
		s := goService(t, to)
		args := s.Args
		s.Args = func(config string, at stack.Addresses) []string {
			return append(args(config, at), "--grpc", to.grpc)
		}
		s.Env = func(stack.Addresses) []string {
			return append(environment, "OTEL_SERVICE_NAME=greeter", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none")
		}
		return s
	}
}

func nodeService(t *testing.T, to otlp) stack.Server {
	folder := installNode(t)
	program, err := exec.LookPath("node")
	require.NoError(t, err, "install Node 20")
	return stack.Server{
		Name: "node", Dir: "internal/interop/node", Binary: program,
		Ports: []stack.Port{{Name: "http"}, {Name: "grpc"}, {Name: "admin"}},
		Args:  func(string, stack.Addresses) []string { return []string{filepath.Join(folder, "server.js")} },
		Env: func(at stack.Addresses) []string {
			return append(environment(to),
				"NODE_OPTIONS=--require "+filepath.Join(folder, "node_modules", "@opentelemetry", "auto-instrumentations-node", "build", "src", "register.js"),
				"HTTP="+at.Port("http"), "GRPC="+at.Port("grpc"), "ADMIN="+at.Port("admin"))
		},
		ReadyPort: "admin", ReadyPath: "/count",
	}
}

// installNode installs Node's packages into the user's cache folder, if they are not
// there yet, and returns the folder of the service.
func installNode(t *testing.T) string {
	t.Helper()
	digest := sha256.New()
	files := map[string][]byte{}
	for _, name := range []string{"package.json", "package-lock.json", "server.js", "greet.proto"} {
		content, err := os.ReadFile(source("node/" + name))
		require.NoError(t, err)
		files[name] = content
		fmt.Fprintf(digest, "%s %d\n%s", name, len(content), content)
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	folder := filepath.Join(cache, "loadtrace", "stack", fmt.Sprintf("node-%x", digest.Sum(nil)[:8]))
	if _, err := os.Stat(folder); err == nil {
		return folder
	}
	unfinished := fmt.Sprintf("%s.%d", folder, os.Getpid())
	require.NoError(t, os.MkdirAll(unfinished, 0o755))
	defer os.RemoveAll(unfinished)
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(unfinished, name), content, 0o644))
	}
	npm := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = unfinished
	said, err := npm.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.NoError(t, os.Rename(unfinished, folder))
	return folder
}

// source is the path of a file of this folder.
func source(name string) string {
	path, err := filepath.Abs(filepath.FromSlash(name))
	if err != nil {
		panic(err) // the working directory is gone
	}
	return path
}

// ownCount is what a service of ours says at /count: by name of the interface.
func ownCount(t *testing.T, at *stack.Instance) (n uint64) {
	t.Helper()
	var counts map[string]uint64
	require.NoError(t, json.Unmarshal([]byte(get(t, at.URL("admin")+"/count")), &counts))
	for _, v := range counts {
		n += v
	}
	return n
}

// series is the sum of the series of a page of Prometheus's metrics whose lines begin
// so and have that in them.
func series(t *testing.T, url, begin, has string) (n uint64) {
	t.Helper()
	for line := range strings.Lines(get(t, url)) {
		if !strings.HasPrefix(line, begin) || !strings.Contains(line, has) {
			continue
		}
		value := regexp.MustCompile(`\} (\S+)`).FindStringSubmatch(line)
		require.NotNil(t, value, line)
		v, err := strconv.ParseFloat(value[1], 64)
		require.NoError(t, err, line)
		n += uint64(v)
	}
	return n
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", url, body)
	return string(body)
}

package stack

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Server is a server that can be built and run.
type Server struct {
	// Name is that of its folder under deploy/stack.
	Name  string
	pkg   string
	tags  string
	ports []Port
	// args is the command line: its config file and where it listens.
	args func(config string, at addresses) []string
	// config is its file in its folder.
	config string
	// env is added to the environment of its process.
	env []string
	// ready is the port and path that answer 200 when it takes requests.
	readyPort, readyPath string
}

// Port is what a server listens on.
type Port struct {
	Name  string // such as http
	Usual int    // where up puts it
}

// addresses of a server, host:port by port name.
type addresses map[string]string

func (s Server) describe(port string) string { return s.Name + "." + port }

// All are the servers there are.
func All() []Server { return []Server{Prometheus(), Loki(), Jaeger()} }

// Named finds a server.
func Named(name string) (Server, error) {
	all := All()
	if i := slices.IndexFunc(all, func(s Server) bool { return s.Name == name }); i >= 0 {
		return all[i], nil
	}
	return Server{}, fmt.Errorf("%q: there is no such server; write prometheus, loki or jaeger", name)
}

// Loki takes logs at /otlp/v1/logs and /loki/api/v1/push on port http.
func Loki() Server {
	return Server{
		Name: "loki", pkg: "github.com/grafana/loki/v3/cmd/loki", tags: "netgo,grpcnotrace,remove_all_sd",
		ports:  []Port{{"http", 3100}, {"grpc", 9096}},
		config: "loki.yaml", readyPort: "http", readyPath: "/ready",
		args: func(config string, at addresses) []string {
			return []string{
				"-config.file=" + config,
				"-server.http-listen-port=" + at.port("http"),
				"-server.grpc-listen-port=" + at.port("grpc"),
			}
		},
	}
}

// Prometheus takes metrics at /api/v1/otlp/v1/metrics on port http.
func Prometheus() Server {
	return Server{
		Name: "prometheus", pkg: "github.com/prometheus/prometheus/cmd/prometheus", tags: "netgo,grpcnotrace,remove_all_sd",
		ports:  []Port{{"http", 9090}},
		config: "prometheus.yml", readyPort: "http", readyPath: "/-/ready",
		args: func(config string, at addresses) []string {
			return []string{
				"--config.file=" + config,
				"--web.listen-address=" + at["http"],
				"--storage.tsdb.path=prometheus",
				"--web.enable-otlp-receiver",
				"--enable-feature=exemplar-storage",
				"--log.level=warn",
			}
		},
	}
}

// Jaeger takes traces over OTLP on ports otlp_grpc and otlp_http; its API is on
// port http.
func Jaeger() Server {
	return Server{
		Name: "jaeger", pkg: "github.com/jaegertracing/jaeger/cmd/jaeger", tags: "netgo,grpcnotrace",
		ports: []Port{
			{"http", 16686}, {"grpc", 16685}, {"otlp_grpc", 14317}, {"otlp_http", 14318}, {"health", 13134},
		},
		config: "jaeger.yaml", readyPort: "health", readyPath: "/status",
		// It would trace its own work, and send that to the usual port of OTLP, where
		// a collector of ours may be.
		env: []string{"OTEL_TRACES_SAMPLER=always_off"},
		args: func(config string, at addresses) []string {
			return []string{
				"--config=file:" + filepath.ToSlash(config),
				"--set=extensions.jaeger_query.http.endpoint=" + at["http"],
				"--set=extensions.jaeger_query.grpc.endpoint=" + at["grpc"],
				"--set=receivers.otlp.protocols.grpc.endpoint=" + at["otlp_grpc"],
				"--set=receivers.otlp.protocols.http.endpoint=" + at["otlp_http"],
				"--set=extensions.healthcheckv2.http.endpoint=" + at["health"],
			}
		},
	}
}

// JaegerStorage is a process of Jaeger that holds traces in memory, up to 600,000
// of them, for a JaegerOver it.
func JaegerStorage() Server {
	s := Jaeger()
	s.ports = []Port{{"grpc", 17271}, {"otlp_grpc", 17317}, {"health", 17134}}
	s.config = "storage.yaml"
	s.args = func(config string, at addresses) []string {
		return []string{
			"--config=file:" + filepath.ToSlash(config),
			"--set=extensions.remote_storage.endpoint=" + at["grpc"],
			"--set=receivers.otlp.protocols.grpc.endpoint=" + at["otlp_grpc"],
			"--set=extensions.healthcheckv2.http.endpoint=" + at["health"],
		}
	}
	return s
}

// JaegerOver is a Jaeger that keeps its traces in a JaegerStorage, where they
// outlive it.
func JaegerOver(storage *Instance) Server {
	s := Jaeger()
	s.config = "stateless.yaml"
	args := s.args
	s.args = func(config string, at addresses) []string {
		return append(args(config, at), "--set=extensions.jaeger_storage.backends.main.grpc.endpoint="+storage.at["grpc"])
	}
	return s
}

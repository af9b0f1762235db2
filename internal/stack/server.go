package stack

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Server is a server that can be built and run.
type Server struct {
	Name string
	// Dir is the folder, within the source tree, of the module that it is built
	// from; empty: its name under deploy/stack.
	Dir string
	// Package is what go build builds there, with Tags.
	Package string
	Tags    string
	// Binary is a program that needs no build, such as an interpreter; then there
	// is no Package.
	Binary string
	Ports  []Port
	// Args is the command line, with the path of Config, its file in Dir.
	Args   func(config string, at Addresses) []string
	Config string
	// Env is added to the environment of its process; nil adds nothing.
	Env func(at Addresses) []string
	// ReadyPort and ReadyPath answer 200 when it takes requests.
	ReadyPort, ReadyPath string
}

// Port is what a server listens on.
type Port struct {
	Name  string // such as http
	Usual int    // where up puts it
}

// Addresses of a server are host:port by port name.
type Addresses map[string]string

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
		Name: "loki", Package: "github.com/grafana/loki/v3/cmd/loki", Tags: "netgo,grpcnotrace,remove_all_sd",
		Ports:  []Port{{"http", 3100}, {"grpc", 9096}},
		Config: "loki.yaml", ReadyPort: "http", ReadyPath: "/ready",
		Args: func(config string, at Addresses) []string {
			return []string{
				"-config.file=" + config,
				"-server.http-listen-port=" + at.Port("http"),
				"-server.grpc-listen-port=" + at.Port("grpc"),
			}
		},
	}
}

// Prometheus takes metrics at /api/v1/otlp/v1/metrics on port http.
func Prometheus() Server {
	return Server{
		Name: "prometheus", Package: "github.com/prometheus/prometheus/cmd/prometheus", Tags: "netgo,grpcnotrace,remove_all_sd",
		Ports:  []Port{{"http", 9090}},
		Config: "prometheus.yml", ReadyPort: "http", ReadyPath: "/-/ready",
		Args: func(config string, at Addresses) []string {
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
		Name: "jaeger", Package: "github.com/jaegertracing/jaeger/cmd/jaeger", Tags: "netgo,grpcnotrace",
		Ports: []Port{
			{"http", 16686}, {"grpc", 16685}, {"otlp_grpc", 14317}, {"otlp_http", 14318}, {"health", 13134},
		},
		Config: "jaeger.yaml", ReadyPort: "health", ReadyPath: "/status",
		// It would trace its own work, and send that to the usual port of OTLP, where
		// a collector of ours may be.
		Env: func(Addresses) []string { return []string{"OTEL_TRACES_SAMPLER=always_off"} },
		Args: func(config string, at Addresses) []string {
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
	s.Ports = []Port{{"grpc", 17271}, {"otlp_grpc", 17317}, {"health", 17134}}
	s.Config = "storage.yaml"
	s.Args = func(config string, at Addresses) []string {
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
	s.Config = "stateless.yaml"
	args := s.Args
	s.Args = func(config string, at Addresses) []string {
		return append(args(config, at), "--set=extensions.jaeger_storage.backends.main.grpc.endpoint="+storage.at["grpc"])
	}
	return s
}

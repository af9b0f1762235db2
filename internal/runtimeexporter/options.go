package runtimeexporter

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"regexp"
	"time"

	"github.com/prometheus/common/config"
	"github.com/spf13/pflag"

	"github.com/prometheus/exporter-toolkit/web"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

const help = `exporter is a Prometheus exporter for the Go runtime of services, read from outside.

  exporter --service=auth-service --target=localhost:8080
  curl http://localhost:9091/metrics

It asks each target when it is scraped: /debug/vars or /debug/pprof/heap, the index
of /debug/pprof, and /metrics. The service needs no change, if it has one of them.
It never asks for a garbage collection or a CPU profile.

Flags:
`

// defaultPass is what a Prometheus of a Go service usually wants of its /metrics.
const defaultPass = `(go|goruntime|process|http|rpc|grpc|jvm)_.*`

// options are the flags and the configuration file, read and checked.
type options struct {
	listen    string
	webConfig string
	level     slog.Level
	targets   []target.Config
}

// flags are as they were written.
type flags struct {
	options
	services, addresses                []string
	configFile, pass, levelName        string
	timeout                            time.Duration
	caFile, certFile, keyFile          string
	serverName, username, passwordFile string
	bearerFile                         string
	insecure                           bool
}

// parse reads and checks the command line. Its error is pflag.ErrHelp if help
// was asked for. usage writes what flags there are.
func parse(args []string) (o options, usage func(io.Writer), err error) {
	var f flags
	s := pflag.NewFlagSet("exporter", pflag.ContinueOnError)
	s.SetOutput(io.Discard)
	s.SortFlags = false
	s.StringArrayVar(&f.services, "service", nil, "service.name of the target; once for all targets, or once for each, in order")
	s.StringArrayVar(&f.addresses, "target", nil, "host:port or URL of a target; may be repeated")
	s.StringVar(&f.configFile, "config", "", "YAML `file` with targets, in place of --service and --target")
	s.StringVar(&f.listen, "listen", ":9091", "`address` to serve /metrics on; port 0 takes a free one")
	s.StringVar(&f.webConfig, "web-config", "", "`file` with TLS and users for /metrics, in the form of Prometheus's exporter-toolkit")
	s.DurationVar(&f.timeout, "timeout", 2*time.Second, "longest time that a target may take to answer")
	s.StringVar(&f.pass, "pass", defaultPass, "`pattern` of the families of a target's own /metrics to pass on; empty for none")
	s.StringVar(&f.caFile, "target-ca", "", "`file` with the authorities that targets' certificates are checked against (PEM)")
	s.StringVar(&f.certFile, "target-cert", "", "`file` with the certificate to show to targets (PEM)")
	s.StringVar(&f.keyFile, "target-key", "", "`file` with its key (PEM)")
	s.StringVar(&f.serverName, "target-server-name", "", "`name` expected in targets' certificates, if not the host")
	s.BoolVar(&f.insecure, "target-insecure", false, "do not check targets' certificates")
	s.StringVar(&f.username, "target-username", "", "`name` for basic authentication with targets")
	s.StringVar(&f.passwordFile, "target-password", "", "`file` with the password")
	s.StringVar(&f.bearerFile, "target-bearer", "", "`file` with a bearer token for targets")
	s.StringVar(&f.levelName, "log-level", "info", "least `level` to log: debug, info, warn or error")
	usage = func(w io.Writer) { fmt.Fprint(w, help, s.FlagUsages()) }
	if err := s.Parse(args); err != nil {
		return o, usage, err
	}
	if s.NArg() > 0 {
		return o, usage, fmt.Errorf("%q: takes flags only; write --target=%[1]s", s.Arg(0))
	}
	o, err = f.check()
	return o, usage, err
}

func (f flags) check() (options, error) {
	var faults []error
	if _, _, err := net.SplitHostPort(f.listen); err != nil {
		faults = append(faults, fmt.Errorf("--listen %q: is not an address; write host:port or :port", f.listen))
	}
	if f.level.UnmarshalText([]byte(f.levelName)) != nil {
		faults = append(faults, fmt.Errorf("--log-level %q: is not a level; write debug, info, warn or error", f.levelName))
	}
	if f.timeout <= 0 {
		faults = append(faults, fmt.Errorf("--timeout %v: is too short; write for instance 2s", f.timeout))
	}
	if f.webConfig != "" {
		if err := web.Validate(f.webConfig); err != nil {
			faults = append(faults, fmt.Errorf("--web-config %s: %w", f.webConfig, err))
		}
	}
	targets, err := f.readTargets()
	f.targets = targets
	return f.options, errors.Join(append(faults, err)...)
}

func (f flags) readTargets() ([]target.Config, error) {
	pass, err := passPattern(f.pass)
	if err != nil {
		return nil, fmt.Errorf("--pass %q: is not a pattern (%w); write for instance http_.*", f.pass, err)
	}
	if f.configFile != "" {
		if len(f.addresses)+len(f.services) > 0 {
			return nil, errors.New("--config: stands beside --target or --service; write all targets in the file, or none")
		}
		return readConfig(f.configFile, f.timeout, pass)
	}
	http, err := f.http()
	if err != nil {
		return nil, err
	}
	if len(f.addresses) == 0 {
		return nil, errors.New("--target: is missing; write --target=host:port, or --config=file")
	}
	if n := len(f.services); n != 1 && n != len(f.addresses) {
		return nil, fmt.Errorf("--service: is there %d times for %d targets; write it once, or once for each target", n, len(f.addresses))
	}
	var all []target.Config
	for i, address := range f.addresses {
		service := f.services[min(i, len(f.services)-1)]
		if service == "" {
			return nil, errors.New("--service: is empty; write a name, for instance auth-service")
		}
		all = append(all, target.Config{Service: service, Address: address, Timeout: f.timeout, Pass: pass, HTTP: http})
	}
	return all, nil
}

// passPattern matches whole names; empty, none.
func passPattern(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	return regexp.Compile("^(?:" + text + ")$")
}

func (f flags) http() (config.HTTPClientConfig, error) {
	c := config.DefaultHTTPClientConfig
	c.TLSConfig = config.TLSConfig{CAFile: f.caFile, CertFile: f.certFile, KeyFile: f.keyFile, ServerName: f.serverName, InsecureSkipVerify: f.insecure}
	if f.username != "" || f.passwordFile != "" {
		c.BasicAuth = &config.BasicAuth{Username: f.username, PasswordFile: f.passwordFile}
	}
	if f.bearerFile != "" {
		c.Authorization = &config.Authorization{Type: "Bearer", CredentialsFile: f.bearerFile}
	}
	switch {
	case (f.certFile == "") != (f.keyFile == ""):
		return c, errors.New("--target-cert: needs --target-key, and the other way round; write both")
	case c.BasicAuth != nil && c.Authorization != nil:
		return c, errors.New("--target-bearer: stands beside --target-username; write one of them")
	case f.passwordFile != "" && f.username == "":
		return c, errors.New("--target-password: needs --target-username; write both")
	}
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("flags of --target-…: %w", err)
	}
	return c, nil
}

package demotarget

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/loadtrace/loadtrace/internal/demotarget/fault"
	"github.com/loadtrace/loadtrace/internal/demotarget/store"
	"github.com/loadtrace/loadtrace/internal/demotarget/telemetry"
	"github.com/loadtrace/loadtrace/internal/demotarget/tune"
)

const help = `target is a small authentication service: the demo target of Loadtrace.

It validates bearer tokens over HTTP and gRPC. The tokens demo-0001 to demo-5000
are known to it; every 20th of them (demo-0020, demo-0040, …) has expired.

  curl -H 'Authorization: Bearer demo-0001' http://127.0.0.1:8080/auth/validate

When it listens, it prints one line of JSON with its addresses on standard output:
{"http":"127.0.0.1:8080","grpc":"127.0.0.1:8081","store":"127.0.0.1:40123",
"policy":"127.0.0.1:40124"}.
The log goes to standard error. Ctrl-C stops it within three seconds.

Flags:
`

// options are the flags, read and checked.
type options struct {
	http, grpc     string
	cache          int
	store          store.Behaviour
	tune           tune.Set
	faults         fault.Set
	otlp           *url.URL // nil: nothing is exported
	telemetry      telemetry.Config
	exitWithParent bool
}

// parse reads the flags and checks them. Its error is flag.ErrHelp if help was
// asked for. usage writes what flags there are.
func parse(args []string) (o options, usage func(io.Writer), err error) {
	var otlp, level, format, steps, faults string
	f := flag.NewFlagSet("target", flag.ContinueOnError)
	f.SetOutput(io.Discard) // the error is returned, and printed once
	f.StringVar(&o.http, "http", "127.0.0.1:8080", "`address` for HTTP/1.1 and h2c; port 0 takes a free one")
	f.StringVar(&o.grpc, "grpc", "127.0.0.1:8081", "`address` for gRPC; port 0 takes a free one")
	f.IntVar(&o.cache, "cache", 1000, "tokens in the cache (LRU, each for at most a minute)")
	f.DurationVar(&o.store.Latency, "store-latency", 2*time.Millisecond, "injected: median wait of a store lookup (lognormal)")
	f.Float64Var(&o.store.Tail, "store-tail", 0.01, "injected: `share` of store lookups, 0 to 1, that wait 8 to 25 times as long")
	f.Float64Var(&o.store.ErrorShare, "error-share", 0.005, "injected: `share` of store lookups, 0 to 1, that fail with 503")
	f.Uint64Var(&o.store.Seed, "seed", 1, "seed of all that is injected")
	f.StringVar(&steps, "tune", "all", "tuning `steps` to take, by name or number: none, all, or some, as in 1,3,5")
	f.StringVar(&faults, "fault", "", "`faults` to plant: some of "+strings.Join(fault.Kinds(), ", "))
	f.StringVar(&otlp, "otlp", "http://127.0.0.1:4318", "base `URL` to send telemetry to over OTLP/HTTP; empty sends none")
	f.StringVar(&o.telemetry.Service, "service", "auth-service", "service.name in the telemetry")
	f.StringVar(&o.telemetry.Instance, "instance", "", "service.instance.id in the telemetry (default: a new UUID)")
	f.StringVar(&level, "log-level", "info", "least `level` to log: debug, info, warn or error")
	f.StringVar(&format, "log-format", "text", "log on standard error as text or json")
	f.BoolVar(&o.exitWithParent, "exit-with-parent", false, "stop when the process that started this one ends (not on Windows)")
	usage = func(w io.Writer) {
		fmt.Fprint(w, help)
		f.SetOutput(w)
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, usage, err
	}
	if f.NArg() > 0 {
		return o, usage, fmt.Errorf("%q: takes flags only; write --flag or --flag=value", f.Arg(0))
	}
	if o.telemetry.Instance == "" {
		o.telemetry.Instance = uuid.NewString()
	}
	return o, usage, errors.Join(
		o.check(), o.setTuning(steps), o.setFaults(faults), o.setOTLP(otlp), o.setLevel(level), o.setFormat(format))
}

func (o *options) check() error {
	var faults []error
	for _, a := range []struct{ flag, addr string }{{"http", o.http}, {"grpc", o.grpc}} {
		if _, _, err := net.SplitHostPort(a.addr); err != nil {
			faults = append(faults, fmt.Errorf("--%s %q: is not an address; write host:port, for instance 127.0.0.1:0", a.flag, a.addr))
		}
	}
	for _, s := range []struct {
		flag  string
		share float64
	}{{"store-tail", o.store.Tail}, {"error-share", o.store.ErrorShare}} {
		if !(s.share >= 0 && s.share <= 1) { // so that NaN is none either
			faults = append(faults, fmt.Errorf("--%s %v: is not a share; write a number from 0 to 1", s.flag, s.share))
		}
	}
	if o.store.Latency < 0 {
		faults = append(faults, fmt.Errorf("--store-latency %v: is negative; write 0s for none", o.store.Latency))
	}
	if o.cache < 1 {
		faults = append(faults, fmt.Errorf("--cache %d: is too small; write 1 or more", o.cache))
	}
	if o.telemetry.Service == "" {
		faults = append(faults, errors.New("--service: is empty; write a name, for instance auth-service"))
	}
	return errors.Join(faults...)
}

func (o *options) setTuning(steps string) (err error) {
	if o.tune, err = tune.Parse(steps); err != nil {
		return fmt.Errorf("--tune: %w", err)
	}
	return nil
}

func (o *options) setFaults(faults string) (err error) {
	if o.faults, err = fault.Parse(faults); err != nil {
		return fmt.Errorf("--fault: %w", err)
	}
	return nil
}

func (o *options) setOTLP(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--otlp %q: is not a base URL; write for instance http://127.0.0.1:4318, or nothing to send no telemetry", base)
	}
	o.otlp = u
	return nil
}

func (o *options) setLevel(level string) error {
	if o.telemetry.Level.UnmarshalText([]byte(level)) != nil {
		return fmt.Errorf("--log-level %q: is not a level; write debug, info, warn or error", level)
	}
	return nil
}

func (o *options) setFormat(format string) error {
	if format != "text" && format != "json" {
		return fmt.Errorf("--log-format %q: is not a format; write text or json", format)
	}
	o.telemetry.JSON = format == "json"
	return nil
}

// exporters are those that the flags ask for.
func (o *options) exporters() (telemetry.Exporters, error) {
	if o.otlp == nil {
		return telemetry.Exporters{}, nil
	}
	return telemetry.OTLP(o.otlp)
}

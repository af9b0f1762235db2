package session

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/session/environments"
	"github.com/loadtrace/loadtrace/internal/session/evidence"
	"github.com/loadtrace/loadtrace/internal/session/otlpresponse"
	"github.com/loadtrace/loadtrace/internal/session/protocolcheck"
	"github.com/loadtrace/loadtrace/internal/session/runfilter"
	"github.com/loadtrace/loadtrace/internal/session/sameorigin"
	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/loadgen"
)

// Pipelines configure the built-in collector of a run.
type Pipelines struct {
	OTLP    string // endpoint that gets everything; none if empty
	Headers map[string]string
	Signals []string // what OTLP gets
	// Listen is where the target's own telemetry is taken, and joined to the requests.
	Listen Listen
	// ListenAsked: a run that cannot listen there is an error. Else it does without.
	ListenAsked bool
	// Archive is the folder in which the run is archived; none if empty.
	Archive string

	// store adds the exporter that keeps traces.
	store bool
	// drain is how long a shutdown goes on delivering what was joined.
	drain time.Duration
}

// drainTimeout bounds the last attempts of the sending queue at delivery. By then the
// command has waited as long as it was told to.
const drainTimeout = "2s"

// Signals of telemetry.
var Signals = []string{"traces", "metrics", "logs"}

// object is a YAML mapping.
type object = map[string]any

// config is the collector configuration, as a URI of the yaml provider.
func (p Pipelines) config() (string, error) {
	exporters, err := p.exporters()
	if err != nil {
		return "", err
	}
	receivers := object{"loadgen": object{"sending_queue": object{"drain_timeout": drainTimeout}}}
	processors := object{}
	if p.Listen.Any() {
		receivers["otlp"] = object{"protocols": p.Listen.protocols()}
		processors["trace_join"] = p.join()
	}
	pipes := object{}
	for _, signal := range Signals {
		pipes[signal] = object{
			"receivers": keys(receivers), "processors": keys(processors), "exporters": p.exportersOf(signal, exporters),
		}
	}
	if p.Listen.Any() {
		p.filterRuns(pipes, processors, exporters)
	}
	extensions := object{}
	if p.Listen.GRPC != "" {
		extensions[protocolcheck.Type.String()] = object{}
	}
	if _, ok := exporters["otlp_http"]; ok {
		extensions[otlpresponse.Type.String()] = object{}
		extensions[sameorigin.Type.String()] = object{}
	}
	return uri(object{
		"extensions": extensions,
		"receivers":  receivers,
		"processors": processors,
		"exporters":  exporters,
		"service": object{
			"telemetry": object{
				"metrics": object{"level": "none"},
				"logs":    logging(),
			},
			"extensions": keys(extensions),
			"pipelines":  pipes,
		},
	})
}

// filterRuns keeps the requests of other runs, whose spans may come to the listener, out of the
// join, where they would be counted. An endpoint gets them as they are.
func (p Pipelines) filterRuns(pipes, processors, exporters object) {
	const others = "run_filter/only"
	processors[runfilter.Type.String()] = object{}
	traces := pipes["traces"].(object)
	traces["processors"] = append([]string{runfilter.Type.String()}, traces["processors"].([]string)...)
	if p.OTLP == "" || !slices.Contains(p.Signals, "traces") {
		return
	}
	processors[others] = object{"only": true}
	endpoint := slices.DeleteFunc(keys(exporters), func(name string) bool { return !strings.HasPrefix(name, "otlp_") })
	pipes["traces/others"] = object{"receivers": []string{"otlp"}, "processors": []string{others}, "exporters": endpoint}
}

// logging tells the first of each kind of warning, and not every retry of a
// delivery: what was lost in the end is in the summary.
func logging() object {
	return object{
		"level": "warn", "encoding": "console", "disable_stacktrace": true, "disable_caller": true,
		"sampling": object{"enabled": true, "initial": 1, "thereafter": 1_000_000, "tick": "1h"},
	}
}

// joinBytes bounds what waits, in memory that the generator has for its own.
const joinBytes = "64MiB"

// join ties what the target tells to the requests of this run. Its own metrics are
// at the same interval as the run's.
func (p Pipelines) join() object {
	return object{
		"max_bytes":     joinBytes,
		"drain_timeout": max(p.drain, time.Second).String(),
		"clients":       object{"services": []string{attr.ServiceLoadtrace}},
		// Most targets send no telemetry here.
		"targets_optional": true,
	}
}

func (p Pipelines) exporters() (object, error) {
	for _, signal := range p.Signals {
		if !slices.Contains(Signals, signal) {
			return nil, badinput.Error(fmt.Errorf("--otlp-signals %q: write some of %s", signal, strings.Join(Signals, ",")))
		}
	}
	exporters := object{"nop": object{}}
	if p.Listen.Any() {
		exporters[environments.Type.String()] = object{}
		exporters[evidence.Type.String()] = object{}
	}
	if p.store {
		exporters[tracestore.Type.String()] = object{}
	}
	if p.Archive != "" {
		exporters[archiveType] = p.archive()
	}
	if p.OTLP != "" {
		name, config, err := otlpExporter(p.OTLP, p.Headers)
		if err != nil {
			return nil, err
		}
		exporters[name] = config
	}
	return exporters, nil
}

// exportersOf a signal: those that take it, or nop.
func (p Pipelines) exportersOf(signal string, exporters object) []string {
	var of []string
	for _, name := range keys(exporters) {
		switch {
		case name == "nop":
		case (name == tracestore.Type.String() || name == environments.Type.String()) && signal != "traces":
		case strings.HasPrefix(name, "otlp_") && !slices.Contains(p.Signals, signal):
		default:
			of = append(of, name)
		}
	}
	if len(of) == 0 {
		return []string{"nop"}
	}
	return of
}

// otlpExporter sends without a queue of its own: the receiver's sending queue is the
// queue, so that what the summary calls delivered was taken by the endpoint.
func otlpExporter(endpoint string, headers map[string]string) (name string, config object, err error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return "", nil, badinput.Error(fmt.Errorf(
			"--otlp %q: write http://host:4318 for OTLP over HTTP, or grpc://host:4317 for gRPC (https and grpcs with TLS)", loadgen.RedactFaulty(endpoint)))
	}
	if !hasPort(u) || u.Port() == "0" {
		return "", nil, badinput.Error(fmt.Errorf("--otlp %q: port %s is not between 1 and 65535; write one such as 4318", loadgen.RedactFaulty(endpoint), u.Port()))
	}
	config = object{
		"compression":      "none", // the generator's processor is for the attack
		"sending_queue":    object{"enabled": false},
		"retry_on_failure": object{"enabled": false},
	}
	// The exporters' errors show their endpoint, so user information goes into the header
	// that it stands for.
	if headers = withUser(headers, u.User); len(headers) > 0 {
		config["headers"] = headers
	}
	u.User = nil
	switch u.Scheme {
	case "http", "https":
		config["endpoint"] = strings.TrimSuffix(u.String(), "/")
		config["middlewares"] = []object{{"id": otlpresponse.Type.String()}, {"id": sameorigin.Type.String()}}
		return "otlp_http", config, nil
	case "grpc", "grpcs":
		config["endpoint"] = u.Host
		config["tls"] = object{"insecure": u.Scheme == "grpc"}
		return "otlp_grpc", config, nil
	}
	return "", nil, badinput.Error(fmt.Errorf("--otlp %q: scheme %s is none of http, https, grpc, grpcs", loadgen.RedactFaulty(endpoint), u.Scheme))
}

// withUser adds the header that the user information of a URL stands for, unless there is
// one.
func withUser(headers map[string]string, user *url.Userinfo) map[string]string {
	if user == nil {
		return headers
	}
	for name := range headers {
		if strings.EqualFold(name, "authorization") {
			return headers
		}
	}
	password, _ := user.Password()
	with := map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))}
	maps.Copy(with, headers)
	return with
}

// uri writes a configuration for the yaml provider. The collector expands ${…}
// in it, which none of our values means.
func uri(config object) (string, error) {
	src, err := yaml.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("write the collector's configuration: %w", err)
	}
	return "yaml:" + strings.ReplaceAll(string(src), "$", "$$"), nil
}

// keys in alphabetical order.
func keys(m object) []string { return slices.Sorted(maps.Keys(m)) }

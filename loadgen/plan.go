package loadgen

import (
	"time"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Plan describes what a run does. It is pure data: nothing in it changes while a
// run is under way. The zero value of an optional field means its default,
// which planfile fills in.
type Plan struct {
	Name    string   `yaml:"name"`
	Order   Order    `yaml:"order,omitempty"`
	Attacks []Attack `yaml:"attacks"`
	Limits  Limits   `yaml:"limits,omitempty"`
	// Sampling is the part of the requests that get a span, from 0 to 1; nil is 1.
	Sampling *float64 `yaml:"sampling,omitempty"`

	// Profiles is the net/http/pprof that the run may ask; nil is none.
	Profiles *Profiles `yaml:"profiles,omitempty"`

	Thresholds []Threshold `yaml:"thresholds,omitempty"`
	Trust      Trust       `yaml:"trust,omitempty"`

	// Shard is which of several processes this one is, if they run the plan
	// together. It is not a key of a plan: Split sets it, with all that follows from it.
	Shard pace.Shard `yaml:"-"`
	// Undivided is the plan that this one is a shard of; nil if this one is whole. Split
	// sets it.
	Undivided *Plan `yaml:"-"`
}

// Entire returns the plan of the whole run: Undivided, or the plan itself if it is whole.
func (p *Plan) Entire() *Plan {
	if p.Undivided != nil {
		return p.Undivided
	}
	return p
}

// Sampler decides which requests of the plan get a span.
func (p *Plan) Sampler() Sampler {
	if p.Sampling == nil {
		return Sampler{}
	}
	return NewSampler(*p.Sampling)
}

// Profiles selects the net/http/pprof endpoints of a target that a run queries before,
// during and after the load.
type Profiles struct {
	// URL of pprof, which ends in /debug/pprof/; or ProfilesAuto.
	URL string `yaml:"url"`
	// CPU is how long the CPU profile under load lasts, in whole seconds.
	CPU time.Duration `yaml:"cpu,omitempty"`
}

// ProfilesAuto stands for /debug/pprof/ of the first HTTP attack's own address.
const ProfilesAuto = "auto"

// Order is how the attacks of a plan relate in time.
type Order string

const (
	Parallel Order = "parallel" // side by side, from the same moment
	Sequence Order = "sequence" // one after another, in the plan's order
)

// Attack is one target and protocol with its load.
type Attack struct {
	Name string `yaml:"name"`
	// What is attacked: exactly one of HTTP and GRPC.
	HTTP *HTTP `yaml:"http,omitempty"`
	GRPC *GRPC `yaml:"grpc,omitempty"`
	// Load is the attack's stages, one after another without a gap.
	Load []pace.Stage `yaml:"load"`
	// Workers start the attack; more are added while all are busy, to MaxWorkers.
	// A worker carries one request at a time.
	Workers    int `yaml:"workers,omitempty"`
	MaxWorkers int `yaml:"max_workers,omitempty"`
	// Baggage adds a W3C baggage header that marks the request as test traffic:
	// loadgen.run.id and loadgen.attack.name.
	Baggage bool `yaml:"baggage,omitempty"`
}

// Limits bound a run as a whole.
type Limits struct {
	// Grace is how long requests under way may go on after a stop.
	Grace time.Duration `yaml:"grace,omitempty"`
	// Overrun is how long after the end of the schedule requests that are late may
	// still be sent; then the rest is counted as not sent.
	Overrun time.Duration `yaml:"overrun,omitempty"`
	// MaxDuration stops the run, whatever its stages say. 0 is no limit.
	MaxDuration time.Duration `yaml:"max_duration,omitempty"`
	// AllowedTargets is what may be attacked, patterns as package allow has them; nil
	// is anything.
	AllowedTargets []string `yaml:"allowed_targets,omitempty"`
}

// Bytes is a size in bytes. In YAML it has a unit: 512KiB, 64MiB, 10MB, 100B.
type Bytes int64

// HTTP is what an HTTP attack sends, and how.
type HTTP struct {
	// One request, or a targets file: exactly one of URL and Targets.
	URL     string            `yaml:"url,omitempty"`
	Method  string            `yaml:"method,omitempty"`
	Headers map[string]string `yaml:"headers,omitempty"`
	// The body, inline or from a file: at most one of the two. With Targets, the
	// body and headers are the default for targets without their own.
	Body     string   `yaml:"body,omitempty"`
	BodyFile string   `yaml:"body_file,omitempty"`
	Targets  *Targets `yaml:"targets,omitempty"`
	// Literal sends {{…}} and ${…} as they are, where they are refused otherwise:
	// HTTP attacks have no templates, and variables are replaced in the plan only.
	Literal bool `yaml:"literal,omitempty"`

	Protocol       Protocol      `yaml:"protocol,omitempty"`
	KeepAlive      *bool         `yaml:"keep_alive,omitempty"`
	Connections    int           `yaml:"connections,omitempty"`     // idle connections kept per host
	MaxConnections int           `yaml:"max_connections,omitempty"` // connections per host; 0 is no limit
	Timeout        time.Duration `yaml:"timeout,omitempty"`         // from sent to the last byte
	Redirects      int           `yaml:"redirects,omitempty"`       // hops followed; 0 follows none
	MaxBody        Bytes         `yaml:"max_body,omitempty"`        // of a response; longer ones fail
	TLS            TLS           `yaml:"tls,omitempty"`
}

// Targets is a vegeta targets file. Its requests are sent in turn, from the
// first again after the last.
type Targets struct {
	File   string        `yaml:"file"`
	Format TargetsFormat `yaml:"format,omitempty"`
}

// TargetsFormat is one of vegeta's formats of a targets file.
type TargetsFormat string

const (
	TargetsHTTP TargetsFormat = "http"
	TargetsJSON TargetsFormat = "json"
)

// Protocol is the version of HTTP that an attack speaks.
type Protocol string

const (
	ProtocolAuto  Protocol = "auto"   // HTTP/2 over TLS if the target offers it, else HTTP/1.1
	ProtocolHTTP1 Protocol = "http/1" // HTTP/1.1 always
	ProtocolHTTP2 Protocol = "h2"     // HTTP/2 over TLS, or failure
	ProtocolH2C   Protocol = "h2c"    // HTTP/2 without TLS, with prior knowledge
)

// Only2 reports whether nothing but HTTP/2 is spoken.
func (p Protocol) Only2() bool { return p == ProtocolHTTP2 || p == ProtocolH2C }

// GRPC is what a gRPC attack calls, and how.
type GRPC struct {
	Target string `yaml:"target"` // host:port
	Method string `yaml:"method"` // package.Service/Method

	// Where the service's description comes from: at most one of Proto and Protoset;
	// without either, the target's reflection service.
	Proto       string   `yaml:"proto,omitempty"`        // .proto file
	ImportPaths []string `yaml:"import_paths,omitempty"` // folders of what it imports
	Protoset    string   `yaml:"protoset,omitempty"`     // compiled FileDescriptorSet

	// The messages, at most one of the three: JSON (an object, or a list of which
	// each call takes the next; for a stream that the client sends, each call sends
	// the whole list), a file of the same, or a file with one binary message.
	// ghz's template functions and variables may stand in JSON and in metadata.
	Data       string            `yaml:"data,omitempty"`
	DataFile   string            `yaml:"data_file,omitempty"`
	BinaryFile string            `yaml:"binary_file,omitempty"`
	Metadata   map[string]string `yaml:"metadata,omitempty"`

	Plaintext    bool          `yaml:"plaintext,omitempty"` // without TLS
	TLS          TLS           `yaml:"tls,omitempty"`
	Authority    string        `yaml:"authority,omitempty"`
	Connections  int           `yaml:"connections,omitempty"`
	Timeout      time.Duration `yaml:"timeout,omitempty"`     // of a call, from sent to its end
	Compression  string        `yaml:"compression,omitempty"` // gzip, or none if empty
	KeepAlive    KeepAlive     `yaml:"keep_alive,omitempty"`
	WaitForReady bool          `yaml:"wait_for_ready,omitempty"` // wait for a connection instead of failing at once
	Stream       StreamLoad    `yaml:"stream,omitempty"`
}

// KeepAlive is HTTP/2 pings on connections that are silent while a call is under
// way; a zero Time is none.
type KeepAlive struct {
	Time    time.Duration `yaml:"time,omitempty"`
	Timeout time.Duration `yaml:"timeout,omitempty"`
}

// StreamLoad shapes calls that stream.
type StreamLoad struct {
	Messages int           `yaml:"messages,omitempty"` // sent by a client or bidirectional stream; 0 is the list once
	Interval time.Duration `yaml:"interval,omitempty"` // between two messages that are sent
	Duration time.Duration `yaml:"duration,omitempty"` // after which the client ends the stream; 0 is no limit
	// End is how. It is left out of what a plan is known by where it says nothing.
	End StreamEnd `yaml:"end,omitempty" json:",omitempty"`
}

// StreamEnd is how a client ends a stream when its duration is over.
type StreamEnd string

const (
	// StreamHalfClose closes the client's side; the server then ends the call. It is the
	// default. Where only the server sends, the duration is the call's deadline.
	StreamHalfClose StreamEnd = "half_close"
	// StreamCancel cancels the call, as clients of watches and other subscriptions do.
	StreamCancel StreamEnd = "cancel"
)

// TLS configures how to trust the target and how to prove the generator's identity.
type TLS struct {
	CAFile             string `yaml:"ca_file,omitempty"`   // PEM; instead of the system's roots
	CertFile           string `yaml:"cert_file,omitempty"` // PEM client certificate, with KeyFile
	KeyFile            string `yaml:"key_file,omitempty"`
	ServerName         string `yaml:"server_name,omitempty"` // for SNI and verification, instead of the URL's host
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify,omitempty"`
}

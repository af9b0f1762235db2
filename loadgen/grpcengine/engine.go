package grpcengine

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"google.golang.org/grpc/credentials"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

// defaultTimeout is ghz's, for an attack that states none.
const defaultTimeout = 20 * time.Second

type engine struct {
	setup     runner.Setup
	method    method
	output    *layout // of what the method returns
	wire      envelopes
	messages  messages
	metadata  headers
	baggage   string
	target    loadgen.Target
	creds     credentials.TransportCredentials
	timeout   time.Duration // of a call: its deadline
	life      time.Duration // after which a call is over: timeout, or less if it is cancelled before
	closing   bool          // a call whose time is over is ended by plan, and no failure
	perStream int           // messages that the client sends, if it streams
	firsts    enginekit.Firsts
}

// Open makes the engine of a gRPC attack: it reads the description of the
// service, for which it may have to ask the target, and the messages, metadata
// and certificates, no longer than s.Opening lasts. It is a runner.Open. Faults are *pace.KeyError values,
// joined.
func Open(s runner.Setup) (loadgen.Engine, error) {
	spec := s.Attack.GRPC
	if spec == nil {
		return nil, &pace.KeyError{Key: "grpc", What: "missing", Fix: "say what to attack"}
	}
	ctx := s.Context()
	e := &engine{setup: s, baggage: enginekit.Baggage(s)}
	var errCreds, errTarget error
	e.creds, errCreds = newCredentials(ctx, spec)
	e.target, errTarget = newTarget(spec)
	if err := errors.Join(errCreds, errTarget, check(spec)); err != nil {
		return nil, err
	}
	if err := e.admitted(ctx); err != nil {
		return nil, err
	}
	m, types, err := describe(ctx, spec, askTarget(spec, e.creds, s.Gate))
	if err != nil {
		return nil, err
	}
	if err := e.describe(m); err != nil {
		return nil, err
	}
	if e.wire, err = newEnvelopes(m); err != nil {
		return nil, err
	}
	var errMessages, errMetadata error
	e.messages, errMessages = readMessages(ctx, spec, m, types, e.wire)
	e.metadata, errMetadata = readMetadata(spec.Metadata, m.call())
	if err := errors.Join(errMessages, errMetadata); err != nil {
		return nil, err
	}
	if e.perStream = spec.Stream.Messages; e.perStream == 0 {
		e.perStream = len(e.messages.list)
	}
	return e, nil
}

// describe takes what the method decides.
func (e *engine) describe(m method) error {
	spec := e.setup.Attack.GRPC
	e.method, e.output = m, newLayout(m.desc.Output())
	e.target.Method = m.path()
	e.target.URL = e.target.Scheme + "://" + spec.Target + "/" + m.path()
	if e.timeout = spec.Timeout; e.timeout == 0 {
		e.timeout = defaultTimeout
	}
	e.life = e.timeout
	d, cancels := spec.Stream.Duration, spec.Stream.End == loadgen.StreamCancel
	switch {
	case cancels && !m.server:
		return &pace.KeyError{
			Key: "grpc.stream.end", What: "is cancel, and " + e.method.path() + " returns one message, which would never come",
			Fix: "remove it, or call a method that returns a stream",
		}
	case d == 0 || d >= e.timeout || !m.server:
	case cancels:
		e.life, e.closing = d, true
	case !m.client: // which has nothing to close
		e.timeout, e.life, e.closing = d, d, true
	}
	return nil
}

// cancels reports whether calls are cancelled by plan.
func (e *engine) cancels() bool { return e.life < e.timeout }

// check finds what neither ghz nor gRPC can do.
func check(spec *loadgen.GRPC) error {
	var faults []error
	if k := spec.KeepAlive; k.Timeout > 0 && k.Timeout != k.Time {
		faults = append(faults, &pace.KeyError{
			Key: "grpc.keep_alive.timeout", What: "differs from keep_alive.time: ghz waits for a ping's answer as long as between pings",
			Fix: "remove it, or give it the same value",
		})
	}
	if c := spec.Compression; c != "" && c != "gzip" {
		faults = append(faults, &pace.KeyError{Key: "grpc.compression", What: fmt.Sprintf("%q is not known", c), Fix: "write gzip, or remove it"})
	}
	if spec.Proto != "" && spec.Protoset != "" {
		faults = append(faults, &pace.KeyError{Key: "grpc.protoset", What: "stands beside proto", Fix: "remove one of the two"})
	}
	given := 0
	for _, s := range []string{spec.Data, spec.DataFile, spec.BinaryFile} {
		if s != "" {
			given++
		}
	}
	if given > 1 {
		faults = append(faults, &pace.KeyError{Key: "grpc.data", What: "more than one of data, data_file and binary_file", Fix: "give one of the three"})
	}
	return errors.Join(faults...)
}

// newTarget is the fixed part of records, but for the method.
func newTarget(spec *loadgen.GRPC) (loadgen.Target, error) {
	host, port, err := net.SplitHostPort(spec.Target)
	n, errPort := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || errPort != nil || n == 0 {
		return loadgen.Target{}, &pace.KeyError{
			Key: "grpc.target", What: fmt.Sprintf("%q is not a host and port", spec.Target), Fix: "write host:port",
		}
	}
	t := loadgen.Target{Scheme: "grpcs", Host: host, Port: int(n), RPC: true}
	if spec.Plaintext {
		t.Scheme = "grpc"
	}
	return t, nil
}

// Close implements loadgen.Engine. Connections are Run's own.
func (e *engine) Close() error { return nil }

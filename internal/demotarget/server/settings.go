package server

import (
	"net/http"
	"time"

	"google.golang.org/grpc"
)

// Timeouts of an HTTP server. There is none for writing an answer: a profile
// takes as long as was asked for.
type Timeouts struct{ Read, ReadHeader, Idle time.Duration }

// ReadOnly is the mistake: a time limit for reading a request, meant against slow
// clients, and nothing else. net/http takes ReadTimeout for the idle timeout too
// where that is not set, so a client that pauses for a second finds its
// connection closed, dials again, or loses the request that was on its way.
var ReadOnly = Timeouts{Read: time.Second}

// HeaderAndIdle is the fix: headers must come soon, and connections may rest.
var HeaderAndIdle = Timeouts{ReadHeader: 5 * time.Second, Idle: 2 * time.Minute}

// Streams are the bounds of an HTTP/2 connection.
type Streams struct {
	// PerConnection is how many requests may be under way; others wait their turn at
	// the client.
	PerConnection uint32
	// Window is how many bytes of a request's body, and ConnWindow of all of a
	// connection, may be on their way.
	Window, ConnWindow int32
}

// Narrow is the mistake: few streams, so as to protect the service, where clients
// share one connection and so wait for each other; and windows that are named
// with the protocol's initial value, which also keeps gRPC from adapting them.
var Narrow = Streams{PerConnection: 10, Window: 64<<10 - 1, ConnWindow: 64<<10 - 1}

// Wide is the fix.
var Wide = Streams{PerConnection: 1000, Window: 1 << 20, ConnWindow: 4 << 20}

// HTTP are the bounds for an HTTP server.
func (s Streams) HTTP() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          int(s.PerConnection),
		MaxReceiveBufferPerStream:     int(s.Window),
		MaxReceiveBufferPerConnection: int(s.ConnWindow),
	}
}

// GRPC are the bounds for a gRPC server.
func (s Streams) GRPC() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(s.PerConnection),
		grpc.InitialWindowSize(s.Window),
		grpc.InitialConnWindowSize(s.ConnWindow),
	}
}

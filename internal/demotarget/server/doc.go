// Package server puts the demo service on the wire: HTTP/1.1 and h2c on one
// plain port, gRPC on another. A Server is made over a handler and run over a
// listener by its owner, who stops it.
package server

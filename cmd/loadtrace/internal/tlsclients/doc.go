// Package tlsclients counts the connections that speak TLS to a plaintext port of OTLP
// over gRPC.
//
// The SDKs of OpenTelemetry for Go, and programs built on them, speak TLS by default. A
// plaintext server closes their connections, and only the SDK's own log says why. The
// extension of this package stands before the collector's OTLP receiver as a middleware
// and looks at the first bytes of each connection; it changes nothing of what the
// receiver reads or answers.
//
// OTLP over HTTP has no such seam: the receiver's server answers a TLS client without
// asking anyone.
package tlsclients

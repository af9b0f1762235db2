// Package protocolcheck counts the connections to a plaintext port of OTLP over gRPC that
// begin with something else: with TLS, or with HTTP/1.
//
// The SDKs of OpenTelemetry for Go, and programs built on them, speak TLS by default, and
// some programs send OTLP over HTTP to whatever port they are given. The server closes
// their connections, and only the SDK's own log gives the reason. The extension of this package
// stands before the collector's OTLP receiver as a middleware and looks at the first
// bytes of each connection; it changes nothing of what the receiver reads or answers.
//
// The OTLP receiver has no such hook for HTTP: its server answers a TLS client by itself.
package protocolcheck

// Package origin keeps what is sent to an HTTP endpoint with its origin: scheme, host and
// port.
//
// The collector's HTTP exporters follow redirects, and put their headers, tokens among
// them, into each request that they make, wherever it leads. The extension of this package
// stands before an exporter's connection as a middleware and refuses what a redirect sends
// elsewhere.
package origin

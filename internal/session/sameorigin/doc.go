// Package sameorigin keeps requests to an HTTP endpoint within its origin: scheme, host and
// port.
//
// The collector's HTTP exporters follow redirects, and put their headers, tokens among
// them, into each request that they make, wherever it leads. The extension of this package
// stands before an exporter's connection as a middleware and refuses redirects to
// another origin.
package sameorigin

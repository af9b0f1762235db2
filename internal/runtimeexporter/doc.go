// Package runtimeexporter is the command exporter: a Prometheus exporter for the
// Go runtime of services that it reads from outside.
//
// It is passive and stateless: it asks its targets when it is scraped, and
// keeps, pushes and decides nothing.
package runtimeexporter

// Command bench measures what README and docs/benchmarks.md claim. Each
// measurement starts its own target, sink and generators as processes on
// loopback, on processors of their own, runs for a bounded time, and prints a
// table. make bench runs all of them.
//
//	bench soak     an open-loop run into an OTLP sink: spans = requests, schedule lag
//	bench memory   two million requests: resident memory over time
//	bench vegeta   requests per second and CPU per request beside stock vegeta
//	bench ghz      the same of unary gRPC calls beside stock ghz
//	bench lag      how late requests are sent at half of the greatest rate
//	bench tax      what spans over OTLP cost, by the part that is sampled
//	bench archive  what the archive of a run costs
//	bench exporter what being scraped by cmd/exporter costs a service
//	bench late     a target that turns slow after a million calls, beside stock ghz
//	bench diagnose the demo service with each of its faults, and without: how often a run names it
//
// It also holds the targets (bench server, bench health, bench tail) and the sink
// (bench sink) that the measurements start. late checks what it measures, and
// fails when it is not so.
package main

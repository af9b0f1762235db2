// Package demotarget is the demo service that Loadtrace attacks: an
// authentication service with HTTP and gRPC interfaces, a cache, a downstream
// store and OpenTelemetry throughout. It is the whole program as one function,
// Main, so that cmd/target and the distribution's demo run the same thing.
//
// It is a service as found in the wild, and knows nothing of load tests. Its
// randomness is seeded; the waits that it injects are those of the store, and
// documented there.
package demotarget

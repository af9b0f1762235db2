// Package store is the downstream of the demo service: an HTTP server that
// looks claims up by digest, and the client that asks it. They talk over a real
// connection, so that a request has a real downstream call in its trace.
//
// The server's waits are injected: it has its records in memory and waits as a
// disk or a lock would make it wait. How long, and which lookups fail, is decided
// by Behaviour, a pure function of the seed and the number of the lookup. Nothing
// else in the demo service waits on purpose.
package store

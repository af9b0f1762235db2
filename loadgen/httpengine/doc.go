// Package httpengine runs HTTP attacks over vegeta. Only this package imports vegeta
// outside tests.
//
// Vegeta provides the workers and the pacing: it asks the pacer for the next request and gives
// it to a free worker, adding workers while none is free. The request is sent where vegeta
// asks the worker what to send (docs/adr/0008-transport.md has the reasons). What request n
// sends depends on n alone (the n-th target, in turn), so that a run can be repeated request
// by request. From n the engine derives the trace id and the intended time. Vegeta's own
// results are not used: they begin when a worker picks the request up, so the wait for a worker
// is missing from them.
//
// There are two transports. The direct one (internal/wire) writes and reads HTTP/1.1 on the
// worker's goroutine. Net/http's, over connections of internal/conns, serves HTTP/2,
// redirects, upgrades and Expect: 100-continue. Both answer alike; a table of responses
// holds them to it.
package httpengine

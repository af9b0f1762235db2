// Package wire exchanges HTTP/1.1 requests and responses on the goroutine that
// asks for them, over connections that it keeps.
//
// net/http hands each request to two goroutines of its connection, which makes a
// client that is convenient and cancellable at any point, and costs a load
// generator more than the request itself. Here the caller writes, waits and reads
// by itself, and stamps the moments in between. Requests are made ready once, by
// net/http, and sent many times. Of a response's head only what decides on its
// framing is kept; its body is counted and discarded. What is a valid response is
// what RFC 9112 and net/http say.
//
// It is no general client: no proxy, no redirects, no HTTP/2, no
// Expect: 100-continue, no use of the body. It never repeats a request of which
// anything may have reached the target.
package wire

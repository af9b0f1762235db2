// Package conns holds the connections over which net/http carries requests,
// HTTP/1.1 and HTTP/2 alike. It dials them itself and gives each request one, or
// a stream of one, so that the number of connections of a host is bounded
// whatever their protocol, the wait for one is known as such, the protocol is
// the one that was asked for, and nothing that may have reached the target is
// sent twice.
//
// What goes over a connection is net/http's: each is an http.ClientConn. The
// caller owns an Exchange, and releases it when it has closed the body of its
// response.
package conns

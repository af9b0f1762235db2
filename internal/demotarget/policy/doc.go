// Package policy is the second downstream of the demo service: a gRPC server
// that says what scopes allow, and the clients that ask it. They talk over a
// real connection with TLS on loopback. The server has its table in memory and waits for
// nothing.
package policy

// Package service decides whether a bearer token is good: it digests the token,
// asks its cache and then the store, and checks the expiry. It knows neither
// HTTP nor gRPC; the server package puts it on the wire.
package service

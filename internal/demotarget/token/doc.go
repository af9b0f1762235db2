// Package token is what the demo service knows of a bearer token: the claims
// that it stands for, the digest under which they are filed, and the well-known
// demo tokens that every instance accepts.
//
// A token is an opaque string. It never leaves the service that was shown it:
// the cache and the store see its digest alone.
package token

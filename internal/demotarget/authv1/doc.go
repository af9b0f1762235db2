// Package authv1 is the gRPC contract of the demo service: auth.proto, and the
// Go code generated from it. Nothing in it is written by hand but the .proto
// file and this page.
package authv1

//go:generate go run ../internal/gen -root .. authv1/auth.proto

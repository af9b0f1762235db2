// Package policyv1 is the gRPC contract of the policy service that the demo
// service asks: policy.proto, and the Go code generated from it. Nothing in it
// is written by hand but the .proto file and this page.
package policyv1

//go:generate go run ../internal/gen -root .. policyv1/policy.proto

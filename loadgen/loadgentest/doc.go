// Package loadgentest is the suite that every engine passes. An engine's tests
// give it a Harness: how to serve a target over the engine's protocol, and how
// to open the engine.
package loadgentest

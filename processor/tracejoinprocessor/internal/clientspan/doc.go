// Package clientspan reads what a client span records of its request, whichever tool made it.
//
// It is pure, and keeps nothing of the span but text.
package clientspan

// Package clientspan reads what a client span tells of its request, whatever made it.
//
// It is pure, and keeps nothing of the span but text.
package clientspan

// Package query finds requests in an archived run: a Filter is a condition over the
// columns of a request, and a Search the requests that meet it, the first of an order.
//
// Conditions are expressions of the library that internal/lint uses. This package reads
// them first, so that durations have units, mistakes are named in the user's words, and a
// value that is missing makes a comparison neither true nor false, as NULL does in SQL: a
// Filter and a database find the same requests. Only what takes a bounded time is allowed.
//
// It reads runs and prints nothing.
package query

//go:generate go run ./internal/gencolumns

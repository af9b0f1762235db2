// Package ladder compares variants of a service that were each measured several
// times, in turn, under the same load: every variant has one thing more than the one
// below it. It computes what each step gained, with an interval; it
// neither starts a service nor attacks it.
package ladder

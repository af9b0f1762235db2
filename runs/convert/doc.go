// Package convert exchanges runs with other programs: Export writes an archived run as CSV,
// JSON lines, vegeta's results or k6's summary, and Import makes an archived run of results
// that vegeta or ghz wrote.
//
// Both stream: memory does not depend on the number of requests, but for what an order
// that another tool wants takes, which is bounded. What another format has no place for is
// counted and reported, and what it does not say is reported as unknown: nothing is
// invented.
package convert

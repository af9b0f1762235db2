// Package report writes what became of a run for people and other programs: an HTML page,
// JUnit XML for a CI system, and Markdown for a comment on a pull request.
//
// A Builder takes the requests of a run, one at a time, from a run under way or from an
// archive, and makes Data of them: histograms and a bounded number of requests, whatever
// the number of requests. HTML draws Data; JUnit and Markdown need only its summary.
// It is pure: no clock, no goroutine, no file. Whoever calls it owns the writers.
package report

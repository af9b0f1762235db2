// Package report writes what became of a run for other programs and places: as
// JUnit XML for a CI system, and as Markdown for a comment on a pull request.
// It is pure; whoever calls it owns the files.
package report

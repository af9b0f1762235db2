// Package archive writes and reads a run on disk: a folder with run.json, requests.parquet,
// runtime.parquet and logs.parquet.
//
// A run is read through Open, whether its writer finished, was killed, or is still at work:
// what is there is read, and Info reports what is missing. Iterators stream, so that a run
// of any size is read in bounded memory.
//
// The package knows records and summaries of loadgen and nothing of the collector. Strings
// from outside have passed loadgen.RedactURL and internal/plaintext before they are
// written, and pass internal/plaintext once more as they are read, since a file may come
// from anywhere.
package archive

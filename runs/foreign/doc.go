// Package foreign reads and writes the results of other load generators: vegeta's results
// in its three encodings (gob, JSON lines, CSV), ghz's JSON report, and k6's end-of-test
// summary, which it only writes.
//
// It knows the formats and no archive: a Request is what a file says of one request, and
// nothing that the file does not say. It imports none of those tools, so that a format
// costs a few hundred lines and not a program; tests hold it against the tools themselves.
//
// A File is read as a stream, as often as wanted. What one value may take is bounded, and
// so is every text of a Request; how many requests there are is not.
package foreign

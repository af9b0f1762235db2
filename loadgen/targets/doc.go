// Package targets holds the rules of what an HTTP attack may send, and reads
// files of targets: requests in the two formats of vegeta.
//
// The rules are the same for a plan's own request and for the targets of a file:
// planfile checks a plan with them, Read checks a file. What Read returns has
// passed them, with header names in their canonical form.
//
// Read has a reader of its own for both formats, since vegeta's drops what it
// does not understand: a target below a header line becomes a header, an
// unknown JSON key is skipped. What vegeta reads without loss, Read reads alike;
// oracle_test.go names each deliberate difference.
package targets

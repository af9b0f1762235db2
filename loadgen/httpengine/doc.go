// Package httpengine carries out HTTP attacks over vegeta. It is the only
// importer of vegeta.
//
// vegeta's part is the workers and the pacing: it asks the pacer for the next
// hit and gives it to a worker that is free, adding workers while none is. What
// hit n sends is decided by n alone (the n-th target, in turn), so that a run
// can be repeated request by request. The transport that vegeta is given turns
// each hit into one record: it knows the hit's number from the X-Vegeta-Seq
// header, takes that header off, and from the number knows the trace id and the
// intended time. vegeta's own results are not used: they are stamped when a
// worker picks the hit up, so waiting for a worker is missing from them.
package httpengine

// Package grpcengine runs gRPC attacks over ghz. It is the only importer
// of ghz.
//
// ghz's part is the workers and the course of a call: it asks for the next request and
// gives it to a worker that is free. Its channels are ours. It is told what is
// called by a description of our own, in which every method streams what it
// returns, since only then does it show each message of each call; on the wire
// there is no difference. Messages are encoded once, by us; what comes back is
// counted, and checked to be a message that a client could read, and not decoded.
//
// A load-balancing policy of ours dials, and sees every call wait for a connection
// and end; a stats handler sees it get its stream; and the frames of a connection are
// read beside gRPC, since only they tell a status of the target from one that gRPC
// made up. From these and from the messages each request becomes one record. ghz's own
// results are not used: they begin when a connection was had, and it keeps no more
// than a million of them.
package grpcengine

// Package coordinator lets the shards of a run report to one process, which sees the run as
// a whole. Collector is that process: it takes reports over HTTP, knows which shards are
// alive, ends the run when a threshold of the whole run says so, and has the summaries at
// the end. Reporter is a shard's side.
//
// A shard does not depend on the collector: one that cannot be reached changes nothing of
// the load, and is noted. Neither side keeps anything on disk.
package coordinator

// Package join holds client spans for a constant time, with the server spans and log
// lines of their traces that arrive meanwhile.
//
// A Shard is a value without lock, channel, goroutine or clock: time is an
// argument, and must not run backwards. As the wait is constant, spans leave in
// the order in which they came: a batch is the spans that came together, and it
// leaves as a whole. Batches and digests are charged in bytes; the owner of the
// shard has it evict the oldest batches when it is over budget.
//
// What a shard returns belongs to the caller.
package join

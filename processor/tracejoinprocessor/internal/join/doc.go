// Package join holds client spans back for a constant time, and what became
// known of their traces meanwhile.
//
// A Shard is a value without lock, channel, goroutine or clock: time is an
// argument, and must not run backwards. As the wait is constant, spans leave in
// the order in which they came: an entry is a batch of spans that came together,
// and leaves as a whole. Entries and digests are charged in bytes; whoever owns
// the shard asks it to shed when there are too many.
//
// What a shard returns belongs to the caller.
package join

// Package hub is what the three handles of one trace_join configuration share:
// shards with a loop each, the clocks and runtime samples of target instances,
// the counts of joined requests, and the way out.
//
// Spans that wait are charged to one budget. Three quarters of it are for waiting;
// over them the oldest leave early. The last quarter is for spans that have left
// and that the pipeline has not taken; over it, traces are refused with an error
// that may be retried, before anything of them was taken. So nothing is lost and
// memory is bounded, however long the pipeline refuses.
//
// A Hub owns its goroutines: Start starts them, Shutdown ends and awaits them.
package hub

// Package outbox stands between an attack and the collector's pipelines, so
// that a slow or refusing pipeline never slows the attack.
//
// A Box has one budget of bytes; its lanes, one per signal, share it, but for
// what each has reserved. Putting a batch into a lane never blocks. Each lane has one goroutine, started with it
// and ended by Box.Shutdown, that delivers its batches in order and retries for
// as long as the pipeline refuses. What does not fit the budget, what the
// pipeline refuses for good, and what a shutdown leaves behind is dropped and
// counted: Put = delivered + dropped + waiting, always.
package outbox

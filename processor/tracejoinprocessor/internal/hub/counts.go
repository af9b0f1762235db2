package hub

import "sync/atomic"

// counts of a hub, but for what the pipeline behind it took or not: that is for the
// queues of the spans that have left to know. See delivery.
type counts struct {
	waited, passed, notKept                atomic.Int64
	rejected                               atomic.Int64 // spans of payloads rejected over capacity
	stripped                               atomic.Int64 // exemplars
	late                                   atomic.Int64 // server spans that came after their clients had left
	duplicates                             atomic.Int64 // client spans received before
	lookups, lookupsFailed, lookupsSkipped atomic.Int64 // of requests
	pulls, pullsFailed, pullsIncomplete    atomic.Int64 // windows
	linesSkipped                           atomic.Int64 // lines received while the hub was over budget
	pulled, pulledOver                     atomic.Int64 // lines taken, and lines beyond the bound of a window
	released                               [reasons]atomic.Int64
	held, outgoing                         atomic.Int64 // bytes that wait; that were released and not accepted yet
	waiting, own                           atomic.Int64 // client spans, and those of Options.Own
}

const reasons = 4

// Counts is a snapshot, of spans where it does not say more. Waited = delivered +
// refused + not kept + undelivered + what is still held; refused spans are those that
// the pipeline refused for good, undelivered those that it had not taken when a shutdown
// ran out of time. Retries is of deliveries.
type Counts struct {
	Waited, Passed                           int64
	Delivered, Refused, NotKept, Undelivered int64
	Retries, Rejected, Stripped              int64
	Late, Duplicates                         int64
	Lookups, LookupsFailed, LookupsSkipped   int64
	Pulls, PullsFailed, PullsIncomplete      int64
	Pulled, PulledOver                       int64
	LinesSkipped                             int64
	Released                                 map[string]int64 // client spans by reason
	HeldBytes, Waiting                       int64
	// Of Options.Own: client spans that wait, those refused or undelivered, and retries of
	// deliveries with one.
	OwnWaiting, OwnLost, OwnRetries int64
}

func (c *counts) snapshot() Counts {
	s := Counts{
		Waited: c.waited.Load(), Passed: c.passed.Load(),
		NotKept: c.notKept.Load(), Rejected: c.rejected.Load(), Stripped: c.stripped.Load(), Late: c.late.Load(), Duplicates: c.duplicates.Load(),
		Lookups: c.lookups.Load(), LookupsFailed: c.lookupsFailed.Load(), LookupsSkipped: c.lookupsSkipped.Load(),
		Pulls: c.pulls.Load(), PullsFailed: c.pullsFailed.Load(), PullsIncomplete: c.pullsIncomplete.Load(), Pulled: c.pulled.Load(), PulledOver: c.pulledOver.Load(),
		LinesSkipped: c.linesSkipped.Load(),
		Released:     map[string]int64{}, HeldBytes: c.held.Load() + c.outgoing.Load(), Waiting: c.waiting.Load(), OwnWaiting: c.own.Load(),
	}
	for i, reason := range reasonNames {
		s.Released[string(reason)] = c.released[i].Load()
	}
	return s
}

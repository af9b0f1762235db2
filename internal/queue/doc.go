// Package queue stands between what makes telemetry and the collector's pipelines, so
// that a pipeline that is slow or refuses never slows the maker.
//
// Putting a batch into a Queue never blocks. Each Queue has one worker, a goroutine
// that starts with it and that Shutdown ends: it delivers the batches in order, and
// tries again for as long as the pipeline refuses. A Budget bounds the bytes that wait.
//
// A batch has one end, which is counted once: it is delivered, or it is dropped. It is
// dropped where there is no room for it, where the pipeline refuses it for good, and
// where a shutdown runs out of time, also when its delivery is under way then, and
// whatever comes of that delivery later. So Put = delivered + dropped + waiting, always.
//
// The package knows nothing of what it delivers. It is for telemetry of our own making:
// the queues of exporters are the collector's.
package queue

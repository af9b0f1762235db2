package archive

import (
	"slices"
	"sync"
	"unsafe"

	"github.com/loadtrace/loadtrace/loadgen"
)

// intake holds items until they are written, in chunks that are used again. Over its limit
// it drops what comes, and counts it: who brings items must not wait for a disk.
type intake[T any] struct {
	limit  int           // items
	enough int           // items of which a segment is made before its time
	wake   chan struct{} // of capacity 1: there is enough

	mu      sync.Mutex // guards what follows
	chunks  [][]T      // each of chunkItems but the last
	spare   [][]T
	waiting int
	given   int64
	dropped int64
}

// chunkItems is the size of a chunk.
const chunkItems = 512

// newIntake holds items of at most so many bytes, as far as their structs go.
func newIntake[T any](bytes, enough int, wake chan struct{}) *intake[T] {
	var one T
	return &intake[T]{limit: max(enough, bytes/int(unsafe.Sizeof(one))), enough: enough, wake: wake}
}

// put takes a copy of an item.
func (in *intake[T]) put(item *T) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.given++
	if in.waiting >= in.limit {
		in.dropped++
		return
	}
	if n := len(in.chunks); n == 0 || len(in.chunks[n-1]) == chunkItems {
		in.chunks = append(in.chunks, in.fresh())
	}
	last := &in.chunks[len(in.chunks)-1]
	*last = append(*last, *item)
	if in.waiting++; in.waiting >= in.enough {
		select {
		case in.wake <- struct{}{}:
		default:
		}
	}
}

func (in *intake[T]) fresh() []T {
	if n := len(in.spare); n > 0 {
		chunk := in.spare[n-1]
		in.spare = in.spare[:n-1]
		return chunk
	}
	return make([]T, 0, chunkItems)
}

// take gives what waits, of the first most items at least one chunk. It is empty if
// fewer than least wait. The chunks come back through done.
func (in *intake[T]) take(least, most int) [][]T {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.waiting < max(least, 1) {
		return nil
	}
	n := min(len(in.chunks), max(1, most/chunkItems))
	taken := slices.Clone(in.chunks[:n])
	in.chunks = slices.Delete(in.chunks, 0, n)
	for _, chunk := range taken {
		in.waiting -= len(chunk)
	}
	return taken
}

// done gives chunks back. A few are kept for what comes next.
func (in *intake[T]) done(chunks [][]T) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, chunk := range chunks {
		if len(in.spare) >= 2*in.enough/chunkItems+1 {
			return
		}
		clear(chunk) // which hold texts and more
		in.spare = append(in.spare, chunk[:0])
	}
}

// counts are how many items were given, and how many of them dropped.
func (in *intake[T]) counts() (given, dropped int64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.given, in.dropped
}

// held is a record that may be kept: its stream is its engine's only for a moment.
func held(rec *loadgen.Record) loadgen.Record {
	kept := *rec
	if s := rec.Stream; s != nil {
		stream := *s
		stream.Gaps = slices.Clone(s.Gaps)
		kept.Stream = &stream
	}
	return kept
}

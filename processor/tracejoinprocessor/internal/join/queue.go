package join

import "go.opentelemetry.io/collector/pdata/pcommon"

// queue is first in, first out.
type queue struct {
	batches []*batch
	head    int
}

func (q *queue) len() int { return len(q.batches) - q.head }

func (q *queue) first() *batch { return q.batches[q.head] }

func (q *queue) push(b *batch) { q.batches = append(q.batches, b) }

// pop moves the rest down when half of the room is empty, so that each batch is
// moved less than once on average.
func (q *queue) pop() *batch {
	b := q.batches[q.head]
	q.batches[q.head] = nil
	q.head++
	if q.head*2 >= len(q.batches) {
		n := copy(q.batches, q.batches[q.head:])
		clear(q.batches[n:])
		q.batches, q.head = q.batches[:n], 0
	}
	return b
}

// idCache knows the latest trace ids that were added, up to a number.
type idCache struct {
	most  int
	ring  []pcommon.TraceID // which grows to that
	next  int
	known map[pcommon.TraceID]bool // with a mark
}

func newIDCache(n int) idCache { return idCache{most: n, known: map[pcommon.TraceID]bool{}} }

func (m *idCache) has(id pcommon.TraceID) bool {
	_, ok := m.known[id]
	return ok
}

// marked reports the mark that an id was added with.
func (m *idCache) marked(id pcommon.TraceID) bool { return m.known[id] }

func (m *idCache) add(id pcommon.TraceID, mark bool) {
	if m.most == 0 || m.has(id) {
		return
	}
	m.known[id] = mark
	if len(m.ring) < m.most {
		m.ring = append(m.ring, id)
		return
	}
	delete(m.known, m.ring[m.next])
	m.ring[m.next] = id
	m.next = (m.next + 1) % m.most
}

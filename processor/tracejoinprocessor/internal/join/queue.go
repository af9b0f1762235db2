package join

import "go.opentelemetry.io/collector/pdata/pcommon"

// queue is first in, first out.
type queue struct {
	entries []*entry
	head    int
}

func (q *queue) len() int { return len(q.entries) - q.head }

func (q *queue) first() *entry { return q.entries[q.head] }

func (q *queue) push(e *entry) { q.entries = append(q.entries, e) }

// pop moves the rest down when half of the room is empty, so that each entry is
// moved less than once on average.
func (q *queue) pop() *entry {
	e := q.entries[q.head]
	q.entries[q.head] = nil
	q.head++
	if q.head*2 >= len(q.entries) {
		n := copy(q.entries, q.entries[q.head:])
		clear(q.entries[n:])
		q.entries, q.head = q.entries[:n], 0
	}
	return e
}

// memory knows the latest trace ids that were added, up to a number.
type memory struct {
	most  int
	ring  []pcommon.TraceID // which grows to that
	next  int
	known map[pcommon.TraceID]bool // with a mark
}

func newMemory(n int) memory { return memory{most: n, known: map[pcommon.TraceID]bool{}} }

func (m *memory) has(id pcommon.TraceID) bool {
	_, ok := m.known[id]
	return ok
}

// marked reports the mark that an id was added with.
func (m *memory) marked(id pcommon.TraceID) bool { return m.known[id] }

func (m *memory) add(id pcommon.TraceID, mark bool) {
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

package hub

import (
	"sync"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
)

// mailShare is the part of the budget for what is on its way to the loops, beside what
// waits and what has left: 1/8. Its senders wait for room, which loops soon make: they
// never wait for the pipeline.
const mailShare = 8

// mail is the bytes in the mailboxes of all loops.
type mail struct {
	most int64

	mu    sync.Mutex // guards what follows
	room  sync.Cond
	bytes int64
}

func newMail(most int64) *mail {
	m := &mail{most: most}
	m.room.L = &m.mu
	return m
}

// take room for a message, and wait for it. One that is larger than all the room goes
// alone.
func (m *mail) take(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.bytes > 0 && m.bytes+bytes > m.most {
		m.room.Wait()
	}
	m.bytes += bytes
}

func (m *mail) give(bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes -= bytes
	m.room.Broadcast()
}

// held is the bytes now.
func (m *mail) held() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bytes
}

// post something to a loop. The hub's lock is held for reading, and the hub is open.
func (h *Hub) post(l *loop, in join.Input) {
	bytes := int64(in.Size())
	h.mail.take(bytes)
	l.in <- message{in: in, bytes: bytes}
}

package decide

import (
	"context"
	"errors"
	"path"

	"github.com/loadtrace/loadtrace/internal/demotarget/policy"
)

// Question is whether a subject may do something.
type Question struct {
	Subject          string
	Action, Resource string
	Grants           []policy.Grant // what it is allowed
}

// Decision is the answer.
type Decision struct {
	Allowed bool
	// By is the grants that allow it.
	By []policy.Grant
	// Asked is how often the subject asked, this time included.
	Asked uint64
}

// ErrClosed is the answer of a pool that was closed.
var ErrClosed = errors.New("the workers have ended")

// Pool decides many questions at once.
type Pool interface {
	// Decide returns the context's error if it ends first, and ErrClosed if the pool
	// does.
	Decide(ctx context.Context, q Question) (Decision, error)
	// Close ends the workers and waits for them. It may be called once.
	Close()
}

// decide applies the grants. A pattern that is none allows nothing.
func decide(q Question) (d Decision) {
	for _, g := range q.Grants {
		if g.Action != q.Action && g.Action != "admin" {
			continue
		}
		if ok, err := path.Match(g.Resource, q.Resource); ok && err == nil {
			d.Allowed, d.By = true, append(d.By, g)
		}
	}
	return d
}

// job is a question under way, and where its answer goes: a place for one, so
// that a worker never waits for somebody who has gone.
type job struct {
	question Question
	answer   chan Decision
}

// maxSubjects bounds the counts of a table, in subjects. Beyond it the table
// begins again.
const maxSubjects = 100_000

// table counts questions by subject. Its owner guards it.
type table map[string]uint64

func (t table) count(subject string) uint64 {
	if len(t) >= maxSubjects {
		clear(t)
	}
	t[subject]++
	return t[subject]
}

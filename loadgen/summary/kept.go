package summary

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
)

const (
	keptSlowest  = 10 // slowest requests of a run
	keptFailures = 5  // failed requests of a kind and attack
	errorKinds   = 32 // different kinds of an attack; further ones count as other
	keptExcerpts = 16 // statuses of an attack of which an answer is kept
)

// failure is one kind of failed request.
type failure struct {
	count   uint64
	example string
	first   []loadgen.Record // at most keptFailures
}

// fail counts a failed request. t.mu is held.
func (t *tally) fail(r *loadgen.Record) {
	kind := r.Error
	f := t.failures[kind]
	if f == nil && (kind == "" || len(t.failures) >= errorKinds) {
		kind = loadgen.ErrorOther
		f = t.failures[kind]
	}
	if f == nil {
		f = &failure{example: bounded(r.ErrorText)}
		t.failures[kind] = f
	}
	f.count++
	if len(f.first) < keptFailures {
		f.first = append(f.first, keep(r))
	}
}

// excerpt keeps what a bad answer says, one of each status.
func (t *tally) excerpt(status, text string) {
	if _, known := t.excerpts[status]; known || len(t.excerpts) >= keptExcerpts {
		return
	}
	if t.excerpts == nil {
		t.excerpts = map[string]string{}
	}
	t.excerpts[status] = bounded(text)
}

// firstFailures are the failed requests that were kept, in the order of sending.
func (t *tally) firstFailures() []loadgen.Record {
	var all []loadgen.Record
	for _, f := range t.failures {
		all = append(all, f.first...)
	}
	slices.SortFunc(all, func(a, b loadgen.Record) int {
		return cmp.Or(a.Sent.Compare(b.Sent), cmp.Compare(a.Seq, b.Seq))
	})
	return all
}

// ranking keeps the requests of the longest response time.
type ranking struct {
	kept    []loadgen.Record // at most keptSlowest, in no order
	fastest int              // index of the fastest, once kept is full
}

func (k *ranking) add(r *loadgen.Record, response time.Duration) {
	if len(k.kept) < keptSlowest {
		k.kept = append(k.kept, keep(r))
	} else if response > k.kept[k.fastest].ResponseTime() {
		k.kept[k.fastest] = keep(r)
	} else {
		return
	}
	for i := range k.kept {
		if k.kept[i].ResponseTime() < k.kept[k.fastest].ResponseTime() {
			k.fastest = i
		}
	}
}

func (k *ranking) descending() []loadgen.Record {
	return slices.SortedFunc(slices.Values(k.kept), func(a, b loadgen.Record) int {
		return cmp.Or(cmp.Compare(b.ResponseTime(), a.ResponseTime()),
			cmp.Compare(a.Attack, b.Attack), cmp.Compare(a.Seq, b.Seq))
	})
}

// keep copies a record without its texts, which have no bound here, and without its
// stream, which is the engine's.
func keep(r *loadgen.Record) loadgen.Record {
	c := *r
	c.ErrorText, c.Excerpt, c.Stream = "", "", nil
	return c
}

// bounded is a copy of at most loadgen.MaxErrorText bytes of text, in valid UTF-8.
func bounded(text string) string {
	text, _ = utf8text.Cut(text, loadgen.MaxErrorText)
	return strings.Clone(text)
}

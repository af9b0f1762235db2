package logsource

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// walk hands on all lines of queries and a span of time, page by page, each once.
//
// Subtle: Loki pages by time alone, and a page may end between two lines of the
// same instant. So of a full page the lines of its last instant are put back,
// and the next page begins with that instant. An instant that fills a page by
// itself is split by the digits that its trace ids begin with.
type walk struct {
	query    queryFunc
	language language
	most     int // lines of a page that Loki allows, as far as we know
	limit    int // lines of the next page: less than most after too large an answer
	counts   *counts
	yield    func(logline.Line)
	missing  error // the first *Error of kind Incomplete; the walk goes on after it
}

func (w *walk) span(ctx context.Context, query string, from, to time.Time) error {
	for from.Before(to) {
		p, full, err := w.page(ctx, rangeQuery{logQL: query, from: from, to: to})
		switch {
		case err != nil:
			return err
		case !full:
			w.hand(p, to)
			return nil
		case p.first.Before(p.last):
			w.hand(p, p.last)
			from = p.last
		default:
			if err := w.instant(ctx, query, "", p.last); err != nil {
				return err
			}
			from = p.last.Add(1)
		}
	}
	return nil
}

const digits = "0123456789abcdef"

// instant hands on the lines of one instant that are of traces with these first
// digits, and more than a page.
func (w *walk) instant(ctx context.Context, query, first string, at time.Time) error {
	for _, digit := range digits {
		narrow := first + string(digit)
		q := rangeQuery{logQL: w.language.within(query, narrow), from: at, to: at.Add(1)}
		p, full, err := w.page(ctx, q)
		switch {
		case err != nil:
			return err
		case full && len(narrow) < traceDigits:
			if err := w.instant(ctx, query, narrow, at); err != nil {
				return err
			}
			continue
		case full:
			w.lose(narrow, p.entries, at)
		}
		w.hand(p, q.to)
	}
	return nil
}

// lose notes that there may be more lines of a trace and instant than a page.
func (w *walk) lose(trace string, lines int, at time.Time) {
	w.counts.lost.Add(1)
	if w.missing == nil {
		w.missing = &Error{Kind: Incomplete, What: fmt.Sprintf(
			"trace %s has %d log lines or more at %s: some may be missing, for a page cannot begin within an instant",
			trace, lines, stamp(at))}
	}
}

// page asks for as many lines as Loki and the bounds allow.
func (w *walk) page(ctx context.Context, q rangeQuery) (p page, full bool, err error) {
	for {
		q.limit = w.limit
		p, err = w.query(ctx, q)
		e := (*Error)(nil)
		switch {
		case err == nil:
			w.limit = min(w.most, w.limit+w.limit/4+1)
			w.counts.bad.Add(uint64(p.untimed))
			return p, p.entries >= q.limit, sane(q, p)
		case !errors.As(err, &e):
			return p, false, err
		case e.Kind == Refused && e.pageLines > 0 && e.pageLines < w.limit:
			w.most, w.limit = e.pageLines, e.pageLines
		case e.Kind == TooLarge && w.limit > leastPage:
			w.limit = max(leastPage, w.limit/2)
		default:
			return p, false, err
		}
	}
}

// sane holds an answer to its question, lest a server that ignores it keeps us
// asking for ever.
func sane(q rangeQuery, p page) error {
	inside := len(p.lines) == 0 && p.entries < q.limit || !p.first.Before(q.from) && p.last.Before(q.to)
	if p.entries <= q.limit && inside {
		return nil
	}
	return &Error{Kind: InvalidResponse, What: fmt.Sprintf("%d lines from %s to %s came for at most %d from %s to %s",
		p.entries, stamp(p.first), stamp(p.last), q.limit, stamp(q.from), stamp(q.to))}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// hand passes on the lines before a time.
func (w *walk) hand(p page, before time.Time) {
	for _, line := range p.lines {
		if !line.Time.Before(before) {
			continue
		}
		if line.TraceID.IsEmpty() {
			w.counts.bad.Add(1)
			continue
		}
		w.counts.lines.Add(1)
		if line.Cut {
			w.counts.cut.Add(1)
		}
		w.yield(line)
	}
}

package tracejoinprocessor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.uber.org/zap"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logsource"
)

// lines is a Loki whose troubles are counted by kind, and logged once of each: a query
// that it refuses is refused each second, and nobody reads a thousand warnings.
type lines struct {
	loki *logsource.Loki
	log  *zap.Logger

	mu    sync.Mutex // guards what follows
	times map[logsource.Kind]int64
	first map[logsource.Kind]string
}

func newLines(loki *logsource.Loki, log *zap.Logger) *lines {
	return &lines{loki: loki, log: log, times: map[logsource.Kind]int64{}, first: map[logsource.Kind]string{}}
}

func (l *lines) Window(ctx context.Context, from, to time.Time, yield func(logline.Line)) error {
	return l.note(l.loki.Window(ctx, from, to, yield))
}

func (l *lines) Lookup(ctx context.Context, ids []pcommon.TraceID, from, to time.Time, yield func(logline.Line)) error {
	return l.note(l.loki.Lookup(ctx, ids, from, to, yield))
}

// note counts an error, and returns it. The end of a shutdown is none.
func (l *lines) note(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	kind := cmp.Or(logsource.KindOf(err), logsource.Timeout)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.times[kind]++; l.times[kind] == 1 {
		l.first[kind] = err.Error()
		l.log.Warn("log lines could not be fetched from Loki; more of this kind are counted in trace_join_loki_failures",
			zap.String("kind", string(kind)), zap.Error(err))
	}
	return err
}

// failures by kind.
func (l *lines) failures() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := make(map[string]int64, len(l.times))
	for kind, times := range l.times {
		n[string(kind)] = times
	}
	return n
}

// troubles are sentences, the most frequent first.
func (l *lines) troubles() (all []string) {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	kinds := make([]logsource.Kind, 0, len(l.times))
	for kind := range l.times {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b logsource.Kind) int { return cmp.Or(cmp.Compare(l.times[b], l.times[a]), cmp.Compare(a, b)) })
	for _, kind := range kinds {
		all = append(all, fmt.Sprintf("log lines could not be fetched from Loki × %d: %s", l.times[kind], l.first[kind]))
	}
	return all
}

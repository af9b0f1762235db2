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

// lokiSource is a Loki whose errors are counted by kind, and logged once for each kind: a
// query that Loki refuses is refused every second, and a thousand warnings help no one.
type lokiSource struct {
	loki *logsource.Loki
	log  *zap.Logger

	mu    sync.Mutex // guards what follows
	times map[logsource.Kind]int64
	first map[logsource.Kind]string
}

func newLokiSource(loki *logsource.Loki, log *zap.Logger) *lokiSource {
	return &lokiSource{loki: loki, log: log, times: map[logsource.Kind]int64{}, first: map[logsource.Kind]string{}}
}

func (l *lokiSource) Window(ctx context.Context, from, to time.Time, yield func(logline.Line)) error {
	return l.count(l.loki.Window(ctx, from, to, yield))
}

func (l *lokiSource) Lookup(ctx context.Context, ids []pcommon.TraceID, from, to time.Time, yield func(logline.Line)) error {
	return l.count(l.loki.Lookup(ctx, ids, from, to, yield))
}

// count counts an error, and returns it. The end of a shutdown is not an error.
func (l *lokiSource) count(err error) error {
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
func (l *lokiSource) failures() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := make(map[string]int64, len(l.times))
	for kind, times := range l.times {
		n[string(kind)] = times
	}
	return n
}

// errors returns a sentence for each kind, the most frequent first.
func (l *lokiSource) errors() (all []string) {
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

package logsource

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// store answers pages as Loki does: the earliest lines first, those of one
// instant in any order, cut off at the limit.
type store struct {
	lines []logline.Line
	asked int
}

func (s *store) ask(_ context.Context, q rangeQuery) (page, error) {
	s.asked++
	var hits []logline.Line
	matches := filter(q.logQL)
	for _, line := range s.lines {
		if !line.Time.Before(q.from) && line.Time.Before(q.to) && matches(line.TraceID) {
			hits = append(hits, line)
		}
	}
	rand.Shuffle(len(hits), func(i, j int) { hits[i], hits[j] = hits[j], hits[i] })
	slices.SortStableFunc(hits, func(a, b logline.Line) int { return a.Time.Compare(b.Time) })
	hits = hits[:min(q.limit, len(hits))]
	p := page{entries: len(hits), lines: hits}
	if len(hits) > 0 {
		p.first, p.last = hits[0].Time, hits[len(hits)-1].Time
	}
	return p, nil
}

var labelFilter = regexp.MustCompile(`trace_id=~"([^"]*)"`)

// filter is the label filters of a query, anchored as LogQL has them.
func filter(query string) func(pcommon.TraceID) bool {
	var all []*regexp.Regexp
	for _, m := range labelFilter.FindAllStringSubmatch(query, -1) {
		all = append(all, regexp.MustCompile("^(?:"+m[1]+")$"))
	}
	return func(id pcommon.TraceID) bool {
		return !slices.ContainsFunc(all, func(re *regexp.Regexp) bool { return !re.MatchString(id.String()) })
	}
}

func walker(a queryFunc, most int, yield func(logline.Line)) *walk {
	return &walk{query: a, language: newLanguage(valid()), most: most, limit: most, counts: &counts{}, yield: yield}
}

// some makes n lines of some traces within some instants.
func some(r *rand.Rand, n, traces, instants int) []logline.Line {
	lines := make([]logline.Line, n)
	for i := range lines {
		lines[i] = logline.Line{
			TraceID: pcommon.TraceID{byte(r.IntN(256)), byte(r.IntN(traces)), 1},
			SpanID:  pcommon.SpanID{byte(i >> 8), byte(i), 1}, // tells lines apart
			Time:    time.Unix(0, int64(1+r.IntN(instants))),
		}
	}
	return lines
}

func bySpan(a, b logline.Line) int { return cmp.Compare(a.SpanID.String(), b.SpanID.String()) }

func TestEveryLineComesOnceHoweverPagesEnd(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := &store{lines: some(r, r.IntN(400), 200, 1+r.IntN(60))}
		var got []logline.Line
		w := walker(s.ask, leastPage+r.IntN(30), func(l logline.Line) { got = append(got, l) })
		require.NoError(t, w.span(t.Context(), w.language.traced(), time.Unix(0, 0), time.Unix(0, 1000)))
		want := slices.SortedFunc(slices.Values(s.lines), bySpan)
		slices.SortFunc(got, bySpan)
		require.Equal(t, len(want), len(got), "seed %d", seed)
		require.True(t, slices.Equal(want, got), "seed %d", seed)
		require.Equal(t, uint64(len(want)), w.counts.lines.Load())
	}
}

func TestLinesOfOneTraceAndInstantBeyondAPageAreToldAsMissing(t *testing.T) {
	s := &store{lines: slices.Repeat([]logline.Line{{TraceID: idA, Time: time.Unix(0, 5)}}, 11)}
	s.lines = append(s.lines, logline.Line{TraceID: idB, Time: time.Unix(0, 5)}, logline.Line{TraceID: idB, Time: time.Unix(0, 6)})
	n := 0
	w := walker(s.ask, 10, func(logline.Line) { n++ })
	require.NoError(t, w.span(t.Context(), w.language.traced(), time.Unix(0, 0), time.Unix(0, 10)))
	assert.Equal(t, Incomplete, KindOf(w.missing))
	assert.ErrorContains(t, w.missing, idA.String())
	assert.Equal(t, 12, n, "the others come all the same, before and after")
	assert.Equal(t, uint64(1), w.counts.lost.Load())
}

func TestAPageShrinksToWhatLokiAllows(t *testing.T) {
	s := &store{lines: some(rand.New(rand.NewPCG(3, 3)), 300, 200, 300)}
	n := 0
	w := walker(func(ctx context.Context, q rangeQuery) (page, error) {
		if q.limit > 25 {
			return page{}, &Error{Kind: Refused, pageLines: 25}
		}
		return s.ask(ctx, q)
	}, 5000, func(logline.Line) { n++ })
	require.NoError(t, w.span(t.Context(), w.language.traced(), time.Unix(0, 0), time.Unix(0, 1000)))
	assert.Equal(t, 300, n)
	assert.Equal(t, 25, w.most, "and stays so")
}

func TestAPageThatIsTooLargeIsAskedForInParts(t *testing.T) {
	s := &store{lines: some(rand.New(rand.NewPCG(4, 4)), 300, 200, 300)}
	n := 0
	w := walker(func(ctx context.Context, q rangeQuery) (page, error) {
		if q.limit > 40 {
			return page{}, &Error{Kind: TooLarge}
		}
		return s.ask(ctx, q)
	}, 5000, func(logline.Line) { n++ })
	require.NoError(t, w.span(t.Context(), w.language.traced(), time.Unix(0, 0), time.Unix(0, 1000)))
	assert.Equal(t, 300, n)
	assert.Equal(t, 5000, w.most, "later pages may be larger again")

	w = walker(func(context.Context, rangeQuery) (page, error) { return page{}, &Error{Kind: TooLarge} }, 5000, nil)
	assert.Equal(t, TooLarge, KindOf(w.span(t.Context(), "", time.Unix(0, 0), time.Unix(0, 1000))))
}

// A server that ignores the start, or the limit, would keep us asking for ever.
func TestAnAnswerToAnotherQuestionIsNonsense(t *testing.T) {
	full := page{entries: 10, lines: slices.Repeat([]logline.Line{{TraceID: idA, Time: time.Unix(0, 5)}}, 10)}
	full.first, full.last = time.Unix(0, 5), time.Unix(0, 5)
	for name, p := range map[string]page{
		"before": full, "too many": {entries: 11, lines: full.lines, first: time.Unix(0, 20), last: time.Unix(0, 20)},
		"a full page without times": {entries: 10, untimed: 10},
	} {
		w := walker(func(context.Context, rangeQuery) (page, error) { return p, nil }, 10, func(logline.Line) { t.Error("yielded", name) })
		assert.Equal(t, InvalidResponse, KindOf(w.span(t.Context(), "", time.Unix(0, 10), time.Unix(0, 1000))), name)
	}
}

func TestBadLinesAreCountedOnceThoughTheirPageIsAskedForAgain(t *testing.T) {
	s := &store{}
	for i := range 25 {
		s.lines = append(s.lines, logline.Line{Time: time.Unix(0, int64(10+i/7))})
	}
	w := walker(s.ask, 10, func(logline.Line) { t.Error("a line of no trace") })
	require.NoError(t, w.span(t.Context(), "", time.Unix(0, 0), time.Unix(0, 1000)))
	assert.Equal(t, uint64(25), w.counts.bad.Load())
}

func TestAnErrorEndsTheWalk(t *testing.T) {
	boom := errors.New("boom")
	w := walker(func(context.Context, rangeQuery) (page, error) { return page{}, boom }, 10, nil)
	assert.ErrorIs(t, w.span(t.Context(), strings.Repeat("x", 3), time.Unix(0, 0), time.Unix(0, 1)), boom)
}

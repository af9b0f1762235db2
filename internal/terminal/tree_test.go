package terminal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/internal/attr"
)

const traceOfSamples = "4f0c719a5520b3eea96d95575762eed0"

func treeText(spans []Span, o Options) string {
	return text(func(b *bytes.Buffer) { Tree(b, spans, o) })
}

// spanAt makes a span that lies at from..to microseconds of the trace.
func spanAt(id, parent, service, name string, from, to int) Span {
	us := func(n int) time.Time { return began.Add(time.Duration(n) * time.Microsecond) }
	return Span{ID: id, Parent: parent, Trace: traceOfSamples, Service: service, Name: name, Start: us(from), End: us(to)}
}

// client is the generator's span of 31.2 ms after a lag of 0.9 ms.
func client() Span {
	s := spanAt("a1", "", "loadtrace", "GET", 900, 32_100)
	s.Kind = "Client"
	s.Attributes = []Attribute{
		{attr.HTTPRequestMethod, "GET"}, {attr.URLFull, "http://127.0.0.1:8080/auth/validate?deep=1"},
		{attr.HTTPResponseStatusCode, "200"}, {attr.ScheduleLag, "0.0009"},
		{attr.PhaseConnection, "0.0000003"}, {attr.PhaseConnect, "0.0004"}, {attr.PhaseWrite, "0.00002"},
		{attr.PhaseWait, "0.0301"}, {attr.PhaseRead, "0.0006"},
	}
	return s
}

func goodTrace() []Span {
	query := spanAt("c2", "b1", "auth", "SELECT tokens", 9_000, 30_000)
	query.Events = []Event{{Name: "pool.wait", Time: query.Start.Add(7 * time.Millisecond)}}
	return []Span{
		spanAt("d1", "c1", "token-store", "GET /tokens", 3_000, 7_500),
		client(),
		spanAt("b1", "a1", "auth", "GET /auth/validate", 1_500, 31_000),
		query,
		spanAt("c1", "b1", "auth", "lookup token", 2_000, 8_000),
	}
}

func strangeTrace() []Span {
	skewed := spanAt("b1", "a1", "auth", "GET /auth/validate", -1_200, 27_000)
	failed := spanAt("c1", "b1", "auth", "SELECT tokens", 2_000, 29_000)
	failed.Error = "context deadline exceeded: \x1b[31mthe pool has no connection"
	bad := spanAt("c2", "b1", "auth", "GET /audit", 3_000, 9_000)
	bad.Attributes = []Attribute{{attr.HTTPResponseStatusCode, "503"}}
	bad.Error = "error"
	return []Span{
		client(), skewed, failed, bad,
		spanAt("e1", "0011223344556677", "mailer", "送信 sendmail", 12_000, 18_000),
		spanAt("f1", "b1", "report", "nightly", 5_000_000, 5_000_400),
		spanAt("f2", "b1", "auth", "backwards", 9_000, 8_000),
	}
}

func hugeTrace() []Span {
	spans := goodTrace()
	for i := range 200 {
		spans = append(spans, spanAt(fmt.Sprintf("9%03d", i), "c2", "auth", "row.scan", 10_000+i*90, 10_000+i*90+20+i%50))
	}
	return spans
}

func deepTrace() []Span {
	spans := []Span{client()}
	parent := "a1"
	for i := range 40 {
		id := fmt.Sprintf("8%03d", i)
		spans = append(spans, spanAt(id, parent, "recursion", fmt.Sprint("level ", i), 1_000+i*300, 31_000-i*300))
		parent = id
	}
	return spans
}

func traces() map[string][]Span {
	return map[string][]Span{"good": goodTrace(), "strange": strangeTrace(), "huge": hugeTrace(), "deep": deepTrace()}
}

func TestTreesAreDrawnAsTheirGoldenFiles(t *testing.T) {
	for name, spans := range traces() {
		requireGolden(t, "tree_"+name+".txt", treeText(spans, Options{}))
	}
	requireGolden(t, "tree_wide.txt", treeText(strangeTrace(), Options{Width: 140}))
	requireGolden(t, "tree_ascii.txt", treeText(strangeTrace(), Options{ASCII: true}))
	requireGolden(t, "tree_color.txt", treeText(strangeTrace(), Options{Color: true}))
}

func TestNoLineOfATreeIsWiderThanTheTerminal(t *testing.T) {
	for name, spans := range traces() {
		for _, o := range []Options{{Width: 40}, {}, {Color: true, Width: 100}, {ASCII: true, Width: 140}} {
			for line := range strings.Lines(treeText(spans, o)) {
				require.LessOrEqual(t, width(strings.TrimRight(line, "\n")), o.width(), "%s: %s", name, line)
			}
		}
	}
}

func TestATreesBarsAllBeginInTheSameColumn(t *testing.T) {
	for name, spans := range traces() {
		bars := 0
		want := -1
		for line := range strings.Lines(treeText(spans, Options{})) {
			label, _, ok := strings.Cut(line, "▕")
			if !ok {
				continue
			}
			if bars++; want < 0 {
				want = width(label)
			}
			require.Equal(t, want, width(label), "%s: %s", name, line)
		}
		require.GreaterOrEqual(t, bars, 5)
	}
}

func TestOfManySpansAlikeTheLongestAreDrawnAndTheRestIsSummedUp(t *testing.T) {
	drawn := treeText(hugeTrace(), Options{})
	assert.Equal(t, alike, strings.Count(drawn, "auth  row.scan"))
	assert.Equal(t, alike, strings.Count(drawn, "69.0 µs\n"))
	assert.Contains(t, drawn, "… 197 more spans, the longest 69.0 µs, 197 of them row.scan")
}

func TestNoMoreThanSixtySpansAreDrawn(t *testing.T) {
	spans := goodTrace()
	for i := range 500 {
		spans = append(spans, spanAt(fmt.Sprintf("9%03d", i), "c2", "auth", fmt.Sprint("step-", i), 10_000+i, 10_500+2*i))
	}
	drawn := treeText(spans, Options{})
	assert.Equal(t, drawnSpans-5, strings.Count(drawn, "auth  step-"))
	assert.Contains(t, drawn, "auth  step-499 ")
	assert.NotContains(t, drawn, "auth  step-0 ")
	assert.Contains(t, drawn, "… 445 more spans, the longest 944 µs\n")
}

func TestOutsideTextInATreeIsHarmless(t *testing.T) {
	evil := "x\x1b[2J\u009b1m\r\ny\u202ez"
	s := client()
	s.Trace, s.Service, s.Name, s.Parent, s.Error = evil, evil, evil, evil, evil
	s.Events = []Event{{Name: evil}}
	for i := range s.Attributes {
		if s.Attributes[i].Key == attr.URLFull || s.Attributes[i].Key == attr.HTTPResponseStatusCode {
			s.Attributes[i].Value = evil
		}
	}
	drawn := treeText([]Span{s}, Options{Width: 160})
	require.GreaterOrEqual(t, strings.Count(drawn, "x[2J"), 6)
	for _, r := range drawn {
		require.True(t, r == '\n' || r >= ' ' && r < 0x7f || r >= 0xa0, "%q", r)
		require.NotEqual(t, '\u202e', r)
	}
}

func TestNoSpansAreSaidToBeNone(t *testing.T) {
	assert.Equal(t, "The trace has no spans.\n", treeText(nil, Options{}))
}

// Spans come from anybody's service: parents may be missing, go in circles, be
// their own, and ids may be shared.
func TestAnySpansGrowIntoTreesWithEachSpanOnce(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e", "", "0000"}
	rapid.Check(t, func(t *rapid.T) {
		var spans []Span
		for i := range rapid.IntRange(1, 12).Draw(t, "spans") {
			from := rapid.IntRange(-1e6, 1e6).Draw(t, "from")
			spans = append(spans, spanAt(rapid.SampledFrom(ids).Draw(t, "id"), rapid.SampledFrom(ids).Draw(t, "parent"),
				"service", fmt.Sprintf("span<%d>", i), from, from+rapid.IntRange(-100, 1e6).Draw(t, "length")))
		}
		drawn := treeText(spans, Options{Width: 160})
		for i := range spans {
			require.Equal(t, 1, strings.Count(drawn, fmt.Sprintf("service  span<%d>", i)), drawn)
		}
	})
}

func TestASpanThatCameTwiceIsDrawnOnce(t *testing.T) {
	spans := append(goodTrace(), goodTrace()...)
	assert.Equal(t, treeText(goodTrace(), Options{}), treeText(spans, Options{}))
}

func TestAVeryDeepTraceIsDrawnAtAll(t *testing.T) {
	var spans []Span
	for i := range 100_000 {
		spans = append(spans, spanAt(fmt.Sprintf("%x", i+1), fmt.Sprintf("%x", i), "deep", "level", i, 200_000))
	}
	drawn := treeText(spans, Options{})
	assert.Equal(t, drawnSpans, strings.Count(drawn, "deep  level"))
	assert.Contains(t, drawn, "… 99,940 more spans, the longest 200 ms")
}

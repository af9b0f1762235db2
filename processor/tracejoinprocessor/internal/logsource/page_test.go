package logsource

import (
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

const hexA = "0af7651916cd43dd8448eb211c80319c"

func answer(result string) string {
	return `{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[` + result + `],"stats":{"summary":{}}}}`
}

func read(t *testing.T, text string) page {
	t.Helper()
	p, err := decode(strings.NewReader(text), newLanguage(valid()), 20, 1000)
	require.NoError(t, err)
	return p
}

func TestALineIsReadFromItsEntryAndStream(t *testing.T) {
	p := read(t, answer(`{"stream":{"service_name":"auth"},"values":[["1700000000000000001","token \"x\"\n",`+
		`{"structuredMetadata":{"detected_level":"info","scope_name":"s","severity_text":"Warn","span_id":"b7ad6b7169203331","trace_id":"`+hexA+`"}}]]}`))
	id, _ := parseTrace(hexA)
	assert.Equal(t, []logline.Line{{
		TraceID: id, SpanID: pcommon.SpanID{0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31},
		Time: time.Unix(0, 1700000000000000001), Severity: "WARN", Body: "token \"x\"\n", Service: "auth",
	}}, p.lines)
	assert.Equal(t, 1, p.entries)
}

func TestAStreamsLabelsHoldForItsLinesWhereverTheyStand(t *testing.T) {
	p := read(t, answer(`{"values":[["2","a"],["3","b",{}]],"stream":{"service_name":"unknown_service","level":"error","detected_level":"info","trace_id":"`+
		strings.ToUpper(hexA)+`"}}`))
	require.Len(t, p.lines, 2)
	for _, line := range p.lines {
		assert.Equal(t, hexA, line.TraceID.String())
		assert.Equal(t, "ERROR", line.Severity)
		assert.Empty(t, line.Service)
	}
	assert.Equal(t, time.Unix(0, 2), p.first)
	assert.Equal(t, time.Unix(0, 3), p.last)
}

func TestALongLineIsCutBetweenCharacters(t *testing.T) {
	p := read(t, answer(`{"stream":{"trace_id":"`+hexA+`"},"values":[["1","0123456789012345678é"],["2","01234567890123456789"]]}`))
	assert.Equal(t, "0123456789012345678", p.lines[0].Body)
	assert.True(t, p.lines[0].Cut)
	assert.False(t, p.lines[1].Cut)
}

func TestBadEntriesAreCountedAndTheOthersKept(t *testing.T) {
	p := read(t, answer(`{"stream":{},"values":[
		["1","no id"], ["2","id of the wrong length",{"structuredMetadata":{"trace_id":"abc"}}],
		["3","zero",{"structuredMetadata":{"trace_id":"00000000000000000000000000000000"}}],
		["4",17,{"structuredMetadata":{"trace_id":42}}], ["x","no time"], [], 5, ["5"],
		["6","good",{"parsed":{"trace_id":"`+hexA+`"}, "other":[1,{}]}]]}, "no stream", {"stream":3,"values":4}`))
	assert.Equal(t, 9, p.entries)
	assert.Equal(t, 4, p.untimed)
	require.Len(t, p.lines, 5)
	for _, line := range p.lines[:4] {
		assert.True(t, line.TraceID.IsEmpty())
	}
	assert.Equal(t, "good", p.lines[4].Body)
}

func TestWhatIsNoAnswerIsAnError(t *testing.T) {
	for _, text := range []string{
		"", "<html>sign in</html>", "{", "null", "[]", `{"status":"success"}`, `{"status":"error","data":{}}`,
		`{"status":"success","data":{"resultType":"matrix","result":[]}}`,
		answer(`{"stream":{},"values":[["1","a"`), answer(`{"stream":{},"values":[["1","a" "b"]]}`),
		strings.Repeat("[", 100_000), `{"data":` + strings.Repeat(`{"a":`, 100_000),
	} {
		_, err := decode(strings.NewReader(text), newLanguage(valid()), 20, 1000)
		assert.Error(t, err, "%.80s", text)
	}
}

// 64 MiB of tiny entries once took gigabytes.
func TestAnAnswerHasNoMoreEntriesThanWereAskedFor(t *testing.T) {
	entries := func(n int) io.Reader {
		return strings.NewReader(answer(`{"stream":{},"values":[` + strings.Repeat(`["1",""],`, n-1) + `["1",""]]}`))
	}
	p, err := decode(entries(7), newLanguage(valid()), 20, 7)
	require.NoError(t, err)
	assert.Equal(t, 7, p.entries)
	_, err = decode(entries(8), newLanguage(valid()), 20, 7)
	assert.ErrorContains(t, err, "more than the 7 lines that were asked for")
}

func FuzzAnswer(f *testing.F) {
	f.Add(answer(`{"stream":{"service_name":"a"},"values":[["1","x",{"structuredMetadata":{"trace_id":"` + hexA + `"}}]]}`))
	f.Add(answer(`{"values":[["1","x"],[],3],"stream":{"trace_id":"` + hexA + `"}},{"stream":null}`))
	f.Add(`{"status":"error","":{"":""},"data":null}`)
	f.Add(`{"data":[{"":1}],"status":"\ud800\u0000"}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := decode(strings.NewReader(text), newLanguage(valid()), 8, 1000)
		if err != nil {
			return
		}
		if p.entries > 1000 || p.entries != len(p.lines)+p.untimed {
			t.Errorf("%d entries are %d lines and %d without a time", p.entries, len(p.lines), p.untimed)
		}
		for _, line := range p.lines {
			if len(line.Body) > 8 {
				t.Errorf("%q is longer than its limit", line.Body)
			}
			if line.Cut && utf8.ValidString(text) && !utf8.ValidString(line.Body) {
				t.Errorf("%q was cut within a character", line.Body)
			}
			if line.TraceID.IsEmpty() && line.Body != "" {
				t.Errorf("%q belongs to no trace", line.Body)
			}
			if line.Time.Before(p.first) || line.Time.After(p.last) {
				t.Errorf("%s is outside %s to %s", line.Time, p.first, p.last)
			}
		}
	})
}

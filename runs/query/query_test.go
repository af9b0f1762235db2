package query_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/query"
)

const base = 1_769_860_800_000_000_000 // 2026-01-31T12:00:00Z

// request is one that was answered after some time.
func request(took time.Duration) *archive.Request {
	r := &archive.Request{Attack: "web", Intended: base, Sent: base + 1000, ServiceTime: took, ResponseTime: took + 1000, Sampled: true}
	r.Status, r.StatusName, r.Method, r.URL = 200, "200", "GET", "http://h/a"
	r.Wait = took
	r.ServerRoute, r.GCOverlap = "/a/{id}", "yes"
	r.ServerDuration = archive.Known(took / 2)
	r.RuntimeCPU = archive.Known(1.5)
	r.Reused = true
	return r
}

// notSent is a request of which nothing is known.
func notSent() *archive.Request {
	r := &archive.Request{Attack: "web", Intended: base}
	r.Outcome, r.NotSentReason = loadgen.NotSent, loadgen.NotSentLate
	return r
}

func failed() *archive.Request {
	r := request(time.Second)
	r.Outcome, r.Status, r.StatusName = loadgen.Failed, 0, ""
	r.ErrorType, r.ErrorMessage = "timeout", "no response within 1s"
	r.ServerRoute, r.GCOverlap, r.ServerDuration = "", "", archive.Optional[time.Duration]{}
	return r
}

// matches reports which of four requests meet a condition: 60ms with GC, 10ms with a
// possible GC, a timeout, one that was not sent.
func matches(t *testing.T, condition string) string {
	f, err := query.Compile(condition)
	require.NoError(t, err, condition)
	slow, quick := request(60*time.Millisecond), request(10*time.Millisecond)
	quick.GCOverlap, quick.ServerRoute, quick.Status, quick.StatusName = "no", "/b", 503, "503"
	var met []string
	for i, r := range []*archive.Request{slow, quick, failed(), notSent()} {
		ok, err := f.Match(r)
		require.NoError(t, err, condition)
		if ok {
			met = append(met, []string{"slow", "quick", "failed", "unsent"}[i])
		}
	}
	return strings.Join(met, " ")
}

func TestAConditionFindsItsRequests(t *testing.T) {
	for condition, want := range map[string]string{
		"service_time > 50ms and gc_overlap":              "slow",
		"service_time > 50ms":                             "slow failed",
		"service_time > 0.05s":                            "slow failed",
		"service_time>=10ms && service_time<1m0.5s":       "slow quick failed",
		"50ms < service_time":                             "slow failed",
		"10ms < service_time < 100ms":                     "slow",
		"service_time > 0":                                "slow quick failed",
		"not ok":                                          "quick failed unsent",
		"ok":                                              "slow",
		"outcome == \"not_sent\"":                         "unsent",
		"outcome in ['failed', 'not_sent']":               "failed unsent",
		"status in [502, 503]":                            "quick",
		"status >= 500 or error == 'timeout'":             "quick failed",
		"status == 200 AND NOT gc_overlap":                "",
		"error":                                           "failed",
		"not error":                                       "slow quick unsent",
		"route matches '^/a'":                             "slow",
		"route startsWith '/b' or url contains '/none'":   "quick",
		"lower(method) == 'get' and reused":               "slow quick failed",
		"server_duration == nil":                          "failed unsent",
		"server_duration != nil":                          "slow quick",
		"service_time - server_duration > 20ms":           "slow",
		"service_time / 2 < server_duration + 1ns":        "slow quick",
		"server_duration / service_time > 0.4":            "slow quick",
		"2 * server_duration >= 60ms":                     "slow",
		"runtime_cpu > 1":                                 "slow quick failed",
		"sent > '2026-01-31T11:00:00Z'":                   "slow quick failed",
		"sent < '2026-01-31T11:00:00Z'":                   "",
		"schedule_lag == 1us":                             "slow quick failed",
		"reused == true":                                  "slow quick failed",
		"true":                                            "slow quick failed unsent",
		"not_sent_reason == 'late'":                       "unsent",
		"len(route) > 2":                                  "slow",
		"service_time > -1ms":                             "slow quick failed",
		"attack == 'web' and attack_index == 0 and seq<1": "slow quick failed unsent",
		"error_message contains 'within 1s'":              "failed", // a duration within a text stays
	} {
		assert.Equal(t, want, matches(t, condition), condition)
	}
}

// As NULL in SQL: a comparison with a value that is missing is neither true nor false.
func TestWhatIsMissingMeetsNeitherAComparisonNorItsOpposite(t *testing.T) {
	for condition, want := range map[string]string{
		"server_duration > 1h":                            "",
		"not server_duration > 1h":                        "slow quick",
		"not (server_duration > 1h)":                      "slow quick",
		"!(server_duration > 1h)":                         "slow quick",
		"not not (server_duration < 1h)":                  "slow quick",
		"not (server_duration > 1h and ok)":               "slow quick failed unsent",
		"not (server_duration > 1h or service_time > 1h)": "slow quick",
		"route != '/a/{id}'":                              "quick",
		"not route == '/a/{id}'":                          "quick",
		"not (route in ['/a/{id}'])":                      "quick",
		"route not in ['/a/{id}']":                        "quick",
		"not (route matches 'a')":                         "quick",
		"not gc_overlap":                                  "quick",
		"gc_overlap == 'no' or not gc_overlap == 'no'":    "slow quick",
		"status != 200":                                   "quick",
		"service_time < 1h":                               "slow quick failed",
		"response_time < 1h":                              "slow quick failed",
		"not (service_time < 1h)":                         "",
		"not (server_duration == nil)":                    "slow quick",
	} {
		assert.Equal(t, want, matches(t, condition), condition)
	}
}

func TestAMistakeIsNamed(t *testing.T) {
	for condition, want := range map[string]string{
		"":                                   "it is empty; write one such as service_time > 50ms",
		"servce_time > 50ms":                 `unknown column "servce_time"; did you mean service_time?`,
		"zzzzzzz > 50ms":                     `unknown column "zzzzzzz"; loadtrace runs columns lists them`,
		"outcome == failed":                  `unknown column "failed"; did you mean the text, outcome == "failed"?`,
		"outcome == 'fialed'":                `outcome is never "fialed"; did you mean "failed"? It is one of finished, failed, not_sent`,
		"service_time > 50":                  "service_time is a duration: write 50 with a unit, such as 50ms",
		"service_time > '50ms'":              "service_time is a duration, and cannot be compared with a text",
		"service_time":                       "service_time is a duration: compare it, as in service_time > 50ms",
		"status":                             "status is a number: compare it, as in status > 0",
		"status == '200'":                    "status is a number: write 200 without quotes",
		"attack == 5":                        `attack is a text: write "5" in quotes`,
		"service_time = 50ms":                "= alone compares nothing: write == for is equal to",
		"service_time <> 50ms":               "<> is not known here: write != for is not equal to",
		"status matches '5'":                 "status is a number: matches is for texts",
		"route matches '('":                  "missing closing )",
		"route matches method":               "matches wants a regular expression in quotes behind it",
		"sent > 'yesterday'":                 "sent is a time: write one such as",
		"ok > true":                          "ok is true or false: write it alone, or with not",
		"service_time > 50ms and":            "unexpected token EOF",
		"(service_time > 50ms":               "unexpected token EOF",
		"service_time > 99999999h":           "99999999h is no duration that fits",
		"service_time + status > 1ms":        "service_time is a duration and status a number: + does not take them",
		"filter([1], # > 0) == []":           "is not supported in a condition",
		"1..1000000000 == 5":                 "1..1000000000",
		"status in 5":                        "in wants a list behind it, as in status in [502, 503]",
		"status in [attack_index]":           "attack_index is no value: a list has values only",
		"nil == nil":                         "nil is for columns",
		"ok ? true : false":                  "is not supported in a condition",
		"attack.name == 'x'":                 "is not supported in a condition",
		"now() > sent":                       "is not supported in a condition",
		"'a' == \"unfinished":                "literal not terminated",
		"service_time > 5ms\x00":             "unrecognized character",
		"\xff":                               "it is not valid UTF-8",
		strings.Repeat("(", 5000):            "longer than 4096 bytes",
		strings.Repeat("ok or ", 600) + "ok": "it has more than 1000 parts",
	} {
		_, err := query.Compile(condition)
		require.Error(t, err, condition)
		assert.ErrorContains(t, err, want, condition)
		assert.NotContains(t, err.Error(), "\n", condition)
		assert.True(t, strings.HasPrefix(err.Error(), "the condition: "), err)
	}
}

func TestEveryColumnOfTheArchiveIsThere(t *testing.T) {
	lists := []string{"stream_message_gaps", "stream_message_gaps_cut"}
	var names []string
	for i := range query.Columns {
		c := &query.Columns[i]
		names = append(names, c.Name)
		assert.NotEmpty(t, c.Doc, c.Name)
	}
	for _, c := range archive.RequestColumns() {
		if !slices.Contains(lists, c) {
			assert.Contains(t, names, c)
		}
	}
	for _, c := range query.Columns {
		assert.Subset(t, archive.RequestColumns(), query.Reads(&c), c.Name)
	}
	for _, alias := range []string{"route", "target", "url", "error", "dns", "reused"} {
		_, err := query.ColumnsOf([]string{alias})
		assert.NoError(t, err)
	}
}

// An archive of requests of 1 to n ms, in that order.
func archived(t testing.TB, n int) *archive.Run {
	began := time.Unix(0, base)
	plan := &loadgen.Plan{Name: "test", Attacks: []loadgen.Attack{{Name: "web", HTTP: &loadgen.HTTP{}}}}
	w, err := archive.Create(t.TempDir(), archive.Start{Run: loadgen.RunID{1}, Plan: plan, Began: began}, 0)
	require.NoError(t, err)
	target := &loadgen.Target{Method: "GET", URL: "http://h/a"}
	for i := range n {
		at := began.Add(time.Duration(i) * time.Millisecond)
		rec := &loadgen.Record{Seq: uint64(i), Intended: at, Sent: at, Done: at.Add(time.Duration(i+1) * time.Millisecond), Target: target, Status: 200}
		if i%10 == 3 {
			rec.Outcome, rec.NotSent, rec.Sent, rec.Done, rec.Status = loadgen.NotSent, loadgen.NotSentLate, time.Time{}, time.Time{}, 0
		}
		w.Record(rec)
	}
	require.NoError(t, w.Close(context.Background()))
	run, err := archive.Open(w.Dir())
	require.NoError(t, err)
	return run
}

func search(t *testing.T, run *archive.Run, s query.Search, where string, columns ...string) *query.Found {
	var err error
	if where != "" {
		s.Where, err = query.Compile(where)
		require.NoError(t, err)
	}
	s.Columns, err = query.ColumnsOf(columns)
	require.NoError(t, err)
	found, err := s.Run(context.Background(), run)
	require.NoError(t, err)
	return found
}

func TestASearchKeepsTheFirstOfItsOrder(t *testing.T) {
	run := archived(t, 100)
	byService, err := query.ColumnsOf([]string{"service_time"})
	require.NoError(t, err)

	found := search(t, run, query.Search{SortBy: byService[0], Limit: 3}, "service_time > 50ms", "seq", "service_time")
	assert.Equal(t, &query.Found{Matched: 45, Scanned: 100, Rows: [][]any{
		{int64(99), 100 * time.Millisecond}, {int64(98), 99 * time.Millisecond}, {int64(97), 98 * time.Millisecond},
	}}, found)

	found = search(t, run, query.Search{SortBy: byService[0], Ascending: true, Limit: 2}, "", "seq")
	assert.Equal(t, [][]any{{int64(0)}, {int64(1)}}, found.Rows)

	found = search(t, run, query.Search{Limit: 2}, "seq >= 3", "seq", "service_time")
	assert.Equal(t, [][]any{{int64(3), nil}, {int64(4), 5 * time.Millisecond}}, found.Rows, "in the archive's order; nil is what is missing")

	found = search(t, run, query.Search{SortBy: byService[0], Limit: 100}, "", "seq")
	require.Len(t, found.Rows, 100)
	for i, row := range found.Rows[90:] {
		assert.Equal(t, []any{int64(10*i + 3)}, row, "without a value: last, in the archive's order")
	}
}

func TestASearchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := (&query.Search{Limit: 1}).Run(ctx, archived(t, 1))
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{"service_time > 50ms and gc_overlap", "not (a or b) and 'x' in [1]", "1h30m<sent", "status in [1,2]", "-len(route)*2 > abs(1ms)"} {
		f.Add(s)
	}
	r := request(time.Millisecond)
	f.Fuzz(func(t *testing.T, src string) {
		filter, err := query.Compile(src)
		if err != nil {
			return
		}
		if _, err := filter.Match(r); err != nil && !strings.Contains(err.Error(), "integer divide by zero") {
			t.Fatal(fmt.Errorf("%q: %w", src, err))
		}
	})
}

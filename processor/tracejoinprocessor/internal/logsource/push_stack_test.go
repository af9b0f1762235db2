//go:build stack

package logsource

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/loadtrace/loadtrace/internal/stack"
)

// realLoki runs a Loki of its own for a test and returns its base URL.
func realLoki(t testing.TB) string {
	i, err := stack.Start(t.Context(), stack.Loki(), stack.Options{Data: t.TempDir(), Progress: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, i.Stop(context.Background())) })
	return i.URL("http")
}

// written is a line that was sent to Loki.
type written struct {
	id   pcommon.TraceID
	at   time.Time
	text string
}

// write makes n lines, perTrace of each trace, perInstant of each instant.
func write(seed uint32, n, perTrace, perInstant int, from time.Time) []written {
	lines := make([]written, n)
	for i := range lines {
		lines[i] = written{
			id: traceOf(seed, i/perTrace), at: from.Add(time.Duration(i/perInstant) * time.Millisecond),
			text: fmt.Sprintf("token accepted, line %d", i),
		}
	}
	return lines
}

// traceOf spreads ids over all first digits, as a load generator's are not.
func traceOf(seed uint32, i int) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint32(id[8:], seed)
	binary.BigEndian.PutUint32(id[12:], uint32(i))
	return id
}

const batchLines = 1000

// pushOTLP sends lines as a service with an OpenTelemetry SDK does.
func pushOTLP(t testing.TB, base, service string, lines []written) {
	for len(lines) > 0 {
		n := min(batchLines, len(lines))
		logs := plog.NewLogs()
		r := logs.ResourceLogs().AppendEmpty()
		r.Resource().Attributes().PutStr("service.name", service)
		records := r.ScopeLogs().AppendEmpty().LogRecords()
		for _, w := range lines[:n] {
			record := records.AppendEmpty()
			record.SetTraceID(w.id)
			record.SetSpanID(pcommon.SpanID(w.id[8:]))
			record.SetTimestamp(pcommon.NewTimestampFromTime(w.at))
			record.SetSeverityNumber(plog.SeverityNumberWarn)
			record.SetSeverityText("warn")
			record.Body().SetStr(w.text)
			record.Attributes().PutStr("subject", "user-0001")
		}
		body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
		require.NoError(t, err)
		post(t, base+"/otlp/v1/logs", "application/x-protobuf", body)
		lines = lines[n:]
	}
}

// pushText sends lines as an agent that reads files does.
func pushText(t testing.TB, base, service string, lines []written, format func(written) string) {
	for len(lines) > 0 {
		n := min(batchLines, len(lines))
		values := make([][2]string, n)
		for i, w := range lines[:n] {
			values[i] = [2]string{strconv.FormatInt(w.at.UnixNano(), 10), format(w)}
		}
		body, err := json.Marshal(map[string]any{"streams": []any{
			map[string]any{"stream": map[string]string{"service_name": service}, "values": values},
		}})
		require.NoError(t, err)
		post(t, base+"/loki/api/v1/push", "application/json", body)
		lines = lines[n:]
	}
}

func post(t testing.TB, url, kind string, body []byte) {
	response, err := http.Post(url, kind, bytes.NewReader(body))
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Less(t, response.StatusCode, 300, "%s: %s", url, text)
}

func inJSON(w written) string {
	return fmt.Sprintf(`{"level":"warn","msg":%q,"ctx":{"trace_id":%q,"span_id":"00f067aa0ba902b7"}}`, w.text, w.id)
}

func inLogfmt(w written) string {
	return fmt.Sprintf("level=warn msg=%q traceID=%s spanID=00f067aa0ba902b7", w.text, w.id)
}

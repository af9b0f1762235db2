package join_test

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/join"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

// Routes, origins and the list of traces that a batch refers to did not count: a megabyte
// of lines of two traces in turn was held as nothing.
func TestTheShardCountsWhatItHolds(t *testing.T) {
	text := strings.Repeat("x", 250)
	own := func(n int) string { return text + strconv.Itoa(n) } // nothing is shared
	for name, add := range map[string]func(s *join.Shard, n int){
		"routes": func(s *join.Shard, n int) {
			in := join.Input{Spans: ptrace.NewTraces()}
			from := &join.Resource{Service: "shop"}
			for i := range 100 {
				in.Servers = append(in.Servers, join.Server{Trace: number(n*100 + i), ID: span(1), Route: own(i), Resource: from})
			}
			s.Add(epoch, in)
		},
		"origins": func(s *join.Shard, n int) {
			in := join.Input{Spans: ptrace.NewTraces()}
			for i := range 100 {
				from := &join.Resource{Namespace: own(i), Service: own(i), Instance: own(i)}
				in.Servers = append(in.Servers, join.Server{Trace: number(n*100 + i), ID: span(1), Resource: from})
			}
			s.Add(epoch, in)
		},
		"lines": func(s *join.Shard, n int) {
			in := join.Input{Spans: ptrace.NewTraces()}
			for i := range 100 {
				in.Lines = append(in.Lines, logline.Line{TraceID: number(n*10 + i%10), Body: own(i), Severity: own(i), Service: own(i)})
			}
			s.Add(epoch, in)
		},
		"lines of two traces in turn": func(s *join.Shard, n int) {
			in := join.Input{Spans: ptrace.NewTraces()}
			for i := range 3_000 {
				in.Lines = append(in.Lines, logline.Line{TraceID: number(i % 2)})
			}
			s.Add(epoch, in)
		},
		"traces that exemplars name": func(s *join.Shard, n int) {
			var ids []pcommon.TraceID
			for i := range 3_000 {
				ids = append(ids, number(i))
			}
			s.Mark(epoch, ids)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := join.New(join.Options{Wait: time.Hour, TraceBytes: 1 << 20, KeepAll: true})
			before := heap()
			for n := range 50 {
				add(s, n)
			}
			taken := heap() - before
			assert.Greater(t, 2*s.Bytes(), taken, "what is counted is below a half")
			assert.Less(t, s.Bytes(), 3*taken, "what is counted is above three times")
			flush(s)
			assert.Zero(t, s.Bytes())
		})
	}
}

func number(n int) (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n)+1)
	return id
}

// heap in use, in bytes.
func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

package clientspan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/clientspan"
	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/ledger"
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// span of 100 ms.
func span() ptrace.Span {
	s := ptrace.NewSpan()
	s.SetStartTimestamp(pcommon.NewTimestampFromTime(epoch))
	s.SetEndTimestamp(pcommon.NewTimestampFromTime(epoch.Add(100 * time.Millisecond)))
	return s
}

func failed() ptrace.Span {
	s := span()
	s.Status().SetCode(ptrace.StatusCodeError)
	return s
}

func TestOfASpanOfAnotherToolTheResponseTimeIsItsDuration(t *testing.T) {
	c := clientspan.Read(span())
	assert.Equal(t, 100*time.Millisecond, c.Request.Response)
	assert.Zero(t, c.Request.Wait)
	assert.Equal(t, epoch, c.Asked().UTC())
	assert.False(t, c.NotSampled, "no flags, as from senders that do not know of them")
	assert.True(t, c.Answered)
}

func TestOursTellsItsPhases(t *testing.T) {
	s := span()
	s.Attributes().PutDouble(attr.ResponseTime, 0.110)
	s.Attributes().PutDouble(attr.PhaseConnection, 0.005)
	s.Attributes().PutDouble(attr.PhaseTLS, 0.003)
	s.Attributes().PutDouble(attr.PhaseWait, 0.080)
	s.Attributes().PutStr(attr.RunID, "r1")
	s.Attributes().PutStr(attr.AttackName, "web")
	s.SetFlags(0x100)
	c := clientspan.Read(s)
	assert.Equal(t, 110*time.Millisecond, c.Request.Response)
	assert.Equal(t, 80*time.Millisecond, c.Request.Wait)
	assert.Equal(t, 3*time.Millisecond, c.Request.Phases[ledger.TLS])
	assert.Equal(t, epoch.Add(8*time.Millisecond), c.Asked().UTC())
	assert.Equal(t, "r1", c.Run)
	assert.Equal(t, "web", c.Attack)
	assert.True(t, c.NotSampled)
}

// A request that failed was answered only if its span has something that none but a
// server says, by the conventions of old and new.
func TestAFailureMayBeAnAnswer(t *testing.T) {
	for _, c := range []struct {
		name     string
		put      func(pcommon.Map)
		answered bool
	}{
		{"nothing", func(pcommon.Map) {}, false},
		{"HTTP", func(a pcommon.Map) { a.PutInt("http.response.status_code", 503) }, true},
		{"HTTP of old", func(a pcommon.Map) { a.PutInt("http.status_code", 503) }, true},
		{"gRPC, from a server", func(a pcommon.Map) { a.PutStr("rpc.response.status_code", "PERMISSION_DENIED") }, true},
		{"gRPC, perhaps from the library", func(a pcommon.Map) { a.PutStr("rpc.response.status_code", "UNAVAILABLE") }, false},
		{"gRPC of old, from a server", func(a pcommon.Map) { a.PutInt("rpc.grpc.status_code", 5) }, true},
		{"gRPC of old, perhaps from the library", func(a pcommon.Map) { a.PutInt("rpc.grpc.status_code", 4) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := failed()
			c.put(s.Attributes())
			got := clientspan.Read(s)
			assert.True(t, got.Failed)
			assert.Equal(t, c.answered, got.Answered)
		})
	}
}

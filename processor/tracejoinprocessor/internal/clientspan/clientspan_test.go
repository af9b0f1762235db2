package clientspan_test

import (
	"math"
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
	s.Attributes().PutInt(attr.Redirects, 1)
	c = clientspan.Read(s)
	assert.Equal(t, epoch, c.Asked().UTC(), "a connection may be that to the second server")
}

// That it has a stream is known of a request after its header has left: a server of etcd
// began up to a millisecond before, and the clocks of one machine were 0.4 ms apart.
func TestTheWaitForAStreamDoesNotProveWhenARequestLeft(t *testing.T) {
	const wait, connect = 5 * time.Millisecond, 3 * time.Millisecond
	for _, c := range []struct {
		name string
		put  func(pcommon.Map)
		want time.Duration
	}{
		{"HTTP/1.1", func(a pcommon.Map) { a.PutStr("network.protocol.version", "1.1") }, wait + connect},
		{"HTTP/2", func(a pcommon.Map) { a.PutStr("network.protocol.version", "2") }, connect},
		{"gRPC", func(a pcommon.Map) { a.PutStr("rpc.system.name", "grpc") }, connect},
		{"gRPC of old", func(a pcommon.Map) { a.PutStr("rpc.system", "grpc") }, connect},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := span()
			c.put(s.Attributes())
			s.Attributes().PutDouble(attr.PhaseConnection, wait.Seconds())
			s.Attributes().PutDouble(attr.PhaseConnect, connect.Seconds())
			read := clientspan.Read(s)
			assert.Equal(t, epoch.Add(c.want), read.Asked().UTC())
			assert.Equal(t, wait, read.Request.Phases[ledger.Connection], "the ledger has it still")
		})
	}
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

// All of these once became the response time: below 0, and 292 years.
func TestAResponseTimeThatCannotBeIsTheSpansDuration(t *testing.T) {
	for name, put := range map[string]func(pcommon.Map){
		"none":                      func(pcommon.Map) {},
		"below 0":                   func(a pcommon.Map) { a.PutDouble(attr.ResponseTime, -1) },
		"less than the duration":    func(a pcommon.Map) { a.PutDouble(attr.ResponseTime, 0.09) },
		"an int":                    func(a pcommon.Map) { a.PutInt(attr.ResponseTime, 3) },
		"a string":                  func(a pcommon.Map) { a.PutStr(attr.ResponseTime, "0.3") },
		"1e300":                     func(a pcommon.Map) { a.PutDouble(attr.ResponseTime, 1e300) },
		"NaN":                       func(a pcommon.Map) { a.PutDouble(attr.ResponseTime, math.NaN()) },
		"infinite":                  func(a pcommon.Map) { a.PutDouble(attr.ResponseTime, math.Inf(1)) },
		"more than a day":           func(a pcommon.Map) { a.PutDouble(attr.ResponseTime, 86401) },
		"phases that do not fit in": func(a pcommon.Map) { a.PutDouble(attr.PhaseWait, 0.2) },
		"a phase below 0":           func(a pcommon.Map) { a.PutDouble(attr.PhaseTLS, -5) },
		"a lag of 1e300":            func(a pcommon.Map) { a.PutDouble(attr.ScheduleLag, 1e300) },
		"a lag that is not in it": func(a pcommon.Map) {
			a.PutStr(attr.ResponseTime, "0.11")
			a.PutDouble(attr.ScheduleLag, 0.01)
			a.PutDouble(attr.PhaseWait, 0.095)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := span()
			put(s.Attributes())
			c := clientspan.Read(s)
			assert.Equal(t, ledger.Request{Response: 100 * time.Millisecond}, c.Request)
			assert.Equal(t, epoch, c.Asked().UTC())
		})
	}
}

func TestADurationThatCannotBeIsBounded(t *testing.T) {
	for _, c := range []struct {
		name       string
		start, end time.Time
		want       time.Duration
	}{
		{"no end", epoch, time.Unix(0, 0), 0},
		{"no begin", time.Unix(0, 0), epoch, 0},
		{"neither", time.Unix(0, 0), time.Unix(0, 0), 0},
		{"an end before the begin", epoch, epoch.Add(-time.Second), 0},
		{"a year", epoch, epoch.AddDate(1, 0, 0), 24 * time.Hour},
		{"one that ends in 2500", epoch, time.Unix(0, math.MaxInt64), 24 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := span()
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(c.start))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(c.end))
			got := clientspan.Read(s)
			assert.Equal(t, c.want, got.Request.Response)
			assert.False(t, got.Done.Before(got.Sent))
			assert.Equal(t, c.want > 0, got.Answered, "it tells something of clocks")
		})
	}
}

// Many instrumentations set no status, and some do so for none but broken transports.
func TestARequestFailedByItsCodeToo(t *testing.T) {
	for _, c := range []struct {
		name   string
		put    func(pcommon.Map)
		status ptrace.StatusCode
		failed bool
	}{
		{"nothing", func(pcommon.Map) {}, ptrace.StatusCodeUnset, false},
		{"status", func(pcommon.Map) {}, ptrace.StatusCodeError, true},
		{"200", func(a pcommon.Map) { a.PutInt("http.response.status_code", 200) }, ptrace.StatusCodeUnset, false},
		{"404", func(a pcommon.Map) { a.PutInt("http.response.status_code", 404) }, ptrace.StatusCodeUnset, false},
		{"500", func(a pcommon.Map) { a.PutInt("http.response.status_code", 500) }, ptrace.StatusCodeUnset, true},
		{"503 of old", func(a pcommon.Map) { a.PutInt("http.status_code", 503) }, ptrace.StatusCodeUnset, true},
		{"599 in digits", func(a pcommon.Map) { a.PutStr("http.status_code", "599") }, ptrace.StatusCodeUnset, true},
		{"5", func(a pcommon.Map) { a.PutInt("http.status_code", 5) }, ptrace.StatusCodeUnset, false},
		{"500, and the user says that it is fine", func(a pcommon.Map) { a.PutInt("http.response.status_code", 500) }, ptrace.StatusCodeOk, false},
		{"gRPC OK", func(a pcommon.Map) { a.PutStr("rpc.response.status_code", "OK") }, ptrace.StatusCodeUnset, false},
		{"gRPC UNAVAILABLE", func(a pcommon.Map) { a.PutStr("rpc.response.status_code", "UNAVAILABLE") }, ptrace.StatusCodeUnset, true},
		{"gRPC OK of old", func(a pcommon.Map) { a.PutInt("rpc.grpc.status_code", 0) }, ptrace.StatusCodeUnset, false},
		{"gRPC of old", func(a pcommon.Map) { a.PutInt("rpc.grpc.status_code", 5) }, ptrace.StatusCodeUnset, true},
		{"gRPC of old in digits", func(a pcommon.Map) { a.PutStr("rpc.grpc.status_code", "14") }, ptrace.StatusCodeUnset, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := span()
			c.put(s.Attributes())
			s.Status().SetCode(c.status)
			assert.Equal(t, c.failed, clientspan.Read(s).Failed)
		})
	}
}

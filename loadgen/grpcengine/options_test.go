package grpcengine

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// notes are the messages that a target got, in the order of their coming.
type notes struct {
	mu    sync.Mutex // guards texts
	texts []string
}

func (n *notes) handle(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
	note, err := recv()
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.texts = append(n.texts, note.Get(note.Descriptor().Fields().ByName("text")).String())
	n.mu.Unlock()
	return s.SendMsg(note)
}

func allOK(t *testing.T, records []loadgen.Record) {
	t.Helper()
	require.NotEmpty(t, records)
	for _, r := range records {
		require.True(t, r.OK(), "%s %s", r.Error, r.ErrorText)
	}
}

// oneByOne is a load of calls in the order of their numbers.
func oneByOne(calls uint64) []pace.Stage {
	return []pace.Stage{{Max: &pace.Max{Workers: 1}, Count: calls}}
}

func TestTargetOverIPv6(t *testing.T) {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 loopback:", err)
	}
	g := prepareTarget(t, echo)
	g.startOn(l)
	records := g.run(t, g.attack("Unary"), 4)
	allOK(t, records)
	for _, r := range records {
		assert.Equal(t, g.addr, r.Peer.String())
		assert.Equal(t, "::1", r.Local.Addr().String())
		assert.Equal(t, "::1", r.Target.Host, "without brackets, as spans have it")
		assert.Equal(t, l.Addr().(*net.TCPAddr).Port, r.Target.Port)
		assert.Equal(t, "grpc://"+g.addr+"/echo.v1.Echo/Unary", r.Target.URL)
	}
}

func TestMessagesOfAFileAreSentInTurn(t *testing.T) {
	got := &notes{}
	g := startTarget(t, got.handle)
	a := g.attack("Unary")
	a.GRPC.Data = ""
	a.GRPC.DataFile = write(t, "notes.json", "\n[{\"text\": \"one\"},\n {\"text\": \"two {{.RequestNumber}}\"}, {\"text\": \"three\"}]\n")
	a.Load = oneByOne(7)
	allOK(t, g.run(t, a, 7))
	assert.Equal(t, []string{"one", "two 1", "three", "one", "two 4", "three", "one"}, got.texts)
}

func TestABinaryFileIsSentAsItIs(t *testing.T) {
	got := &notes{}
	g := startTarget(t, got.handle)
	note := dynamicpb.NewMessage(g.note)
	note.Set(g.note.Fields().ByName("text"), protoreflect.ValueOfString("{{not a template}}"))
	raw, err := proto.Marshal(note)
	require.NoError(t, err)
	raw = append(raw, 0xf8, 0x01, 0x05) // a field that the description lacks: number 31, the value 5
	a := g.attack("Unary")
	a.GRPC.Data, a.GRPC.BinaryFile = "", filepath.Join(t.TempDir(), "note.bin")
	require.NoError(t, os.WriteFile(a.GRPC.BinaryFile, raw, 0o600))
	a.Load = oneByOne(2)
	records := g.run(t, a, 2)
	allOK(t, records)
	assert.Equal(t, []string{"{{not a template}}", "{{not a template}}"}, got.texts)
	assert.EqualValues(t, len(raw), records[0].BytesSent)
	assert.EqualValues(t, len(raw), records[0].BytesReceived, "the echo keeps the unknown field, which has thus arrived")
}

func TestWithoutDataTheEmptyMessageIsSent(t *testing.T) {
	got := &notes{}
	g := startTarget(t, got.handle)
	a := g.attack("Unary")
	a.GRPC.Data = ""
	a.Load = oneByOne(1)
	records := g.run(t, a, 1)
	allOK(t, records)
	assert.Equal(t, []string{""}, got.texts)
	assert.Zero(t, records[0].BytesSent)
}

func TestAuthorityIsWhatTheTargetSees(t *testing.T) {
	var seen sync.Map
	g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		seen.Store(header(s.Context(), ":authority"), true)
		return echo(s, recv)
	})
	a := g.attack("Unary")
	allOK(t, g.run(t, a, 2))
	_, ok := seen.Load(g.addr)
	assert.True(t, ok, "the target, unless the plan says otherwise")
	seen.Clear()
	a.GRPC.Authority = "api.test"
	allOK(t, g.run(t, a, 2))
	seen.Range(func(name, _ any) bool { return assert.Equal(t, "api.test", name) })
}

// compressors reports how the messages of calls were compressed.
type compressors struct {
	stats.Handler
	seen sync.Map
}

func (*compressors) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*compressors) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*compressors) HandleConn(context.Context, stats.ConnStats)                       {}

func (c *compressors) HandleRPC(_ context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InPayload); ok {
		c.seen.Store(in.CompressedLength < in.Length, true)
	}
}

func TestMessagesAreCompressedIfThePlanSaysSo(t *testing.T) {
	for compression, small := range map[string]bool{"": false, "gzip": true} {
		seen := &compressors{}
		g := startTarget(t, echo, grpc.StatsHandler(seen))
		a := g.attack("Both")
		a.GRPC.Compression = compression
		a.GRPC.Data = `{"text": "` + string(bytes.Repeat([]byte("x"), 1000)) + `"}`
		records := g.run(t, a, 3)
		allOK(t, records)
		assert.EqualValues(t, 1003, records[0].BytesSent, "of the message itself")
		n := 0
		seen.seen.Range(func(shorter, _ any) bool { n++; return assert.Equal(t, small, shorter, "with %q", compression) })
		assert.Equal(t, 1, n)
	}
}

func TestACallWaitsForTheTargetIfThePlanSaysSo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	// A target that hangs up on the first connection, whereupon the next is dialled
	// after a backoff.
	g := prepareTarget(t, echo)
	g.startOn(&rude{Listener: l})
	a := g.attack("Unary")
	a.GRPC.Connections, a.GRPC.WaitForReady = 1, true
	records := g.run(t, a, 1)
	allOK(t, records)
	assert.Greater(t, records[0].Phases.Conn+records[0].Phases.Connect, redial.BaseDelay/2, "the wait is in the call's time")

	g = prepareTarget(t, echo)
	l, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g.startOn(&rude{Listener: l})
	a.GRPC.Target, a.GRPC.WaitForReady = g.addr, false
	assert.Equal(t, loadgen.Failed, g.run(t, a, 1)[0].Outcome)
}

// rude hangs up on the first connection.
type rude struct {
	net.Listener
	once sync.Once
}

func (r *rude) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	r.once.Do(func() {
		if err == nil {
			c.Close()
			c, err = r.Listener.Accept()
		}
	})
	return c, err
}

func TestConnectionsAreAsManyAsThePlanSays(t *testing.T) {
	for _, connections := range []int{1, 3} {
		g := startTarget(t, echo)
		a := g.attack("Unary")
		a.GRPC.Connections = connections
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 6}, Count: 60}}
		locals := map[string]int{}
		for _, r := range g.run(t, a, 60) {
			locals[r.Local.String()]++
		}
		assert.Len(t, locals, connections, "%v", locals)
	}
}

func TestMetadataReachTheTargetAsWritten(t *testing.T) {
	var got metadata.MD
	g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		got, _ = metadata.FromIncomingContext(s.Context())
		return echo(s, recv)
	})
	a := g.attack("Unary")
	a.GRPC.Metadata = map[string]string{"X-Tenant": "a", "x-empty": "", "x-key-bin": "AQI="}
	allOK(t, g.run(t, a, 1))
	assert.Equal(t, []string{"a"}, got["x-tenant"])
	assert.Equal(t, []string{""}, got["x-empty"])
	assert.Equal(t, []string{"\x01\x02"}, got["x-key-bin"])
	assert.NotContains(t, got, sequenceKey, "what only we read is not sent")
	assert.NotContains(t, got, "baggage", "unless the plan marks its traffic")
	assert.Len(t, got["traceparent"], 1)
	assert.Regexp(t, "^loadtrace=", got.Get("tracestate")[0])
}

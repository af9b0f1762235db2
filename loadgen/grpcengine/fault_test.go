package grpcengine

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// failsAs checks that every call failed, in time, as said.
func failsAs(t *testing.T, records []loadgen.Record, kind loadgen.ErrorKind, code codes.Code) {
	t.Helper()
	require.NotEmpty(t, records)
	for _, r := range records {
		assert.Equal(t, loadgen.Failed, r.Outcome)
		assert.Equal(t, kind, r.Error, r.ErrorText)
		assert.Equal(t, code, codes.Code(r.Status), r.ErrorText)
		assert.NotEmpty(t, r.ErrorText)
		assert.Equal(t, r.ServiceTime(), r.Phases.Sum())
	}
}

// dialFailsAs checks that the calls for which a dial was made failed as said, and
// that the others failed at once until the next.
func dialFailsAs(t *testing.T, records []loadgen.Record, kind loadgen.ErrorKind) {
	t.Helper()
	var dialled []loadgen.Record
	for _, r := range records {
		if r.Outcome == loadgen.NotSent {
			assert.Equal(t, loadgen.NotSentBackoff, r.NotSent)
			continue
		}
		dialled = append(dialled, r)
	}
	failsAs(t, dialled, kind, codes.Unavailable)
}

// silent never answers.
func silent(stream grpc.ServerStream, _ func() (*dynamicpb.Message, error)) error {
	<-stream.Context().Done()
	return stream.Context().Err()
}

func TestTargetThatRefusesIsAFailureAtOnce(t *testing.T) {
	g := startTarget(t, echo)
	for _, method := range []string{"Unary", "Client", "Server", "Both"} {
		a := g.attack(method)
		a.GRPC.Target = closedPort(t)
		began := time.Now()
		dialFailsAs(t, g.run(t, a, 5), loadgen.ErrorRefused)
		assert.Less(t, time.Since(began), a.GRPC.Timeout)
	}
}

func TestWaitingForAConnectionEndsWithTheTimeout(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.GRPC.Target, a.GRPC.WaitForReady, a.GRPC.Timeout = closedPort(t), true, 150*time.Millisecond
	failsAs(t, g.run(t, a, 3), loadgen.ErrorTimeout, codes.DeadlineExceeded)
}

func TestCallLongerThanItsTimeoutFails(t *testing.T) {
	g := startTarget(t, silent)
	for _, method := range []string{"Unary", "Client", "Server", "Both"} {
		a := g.attack(method)
		records := untilSent(t, a, 100*time.Millisecond, func() []loadgen.Record { return g.run(t, a, 3) })
		failsAs(t, records, loadgen.ErrorTimeout, codes.DeadlineExceeded)
	}
}

func TestTargetThatDiesMidwayIsACountedFailure(t *testing.T) {
	for _, method := range []string{"Unary", "Server", "Both"} {
		dies := make(chan struct{}, 100)
		g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
			note, _ := recv()
			if method != "Unary" {
				_ = s.SendMsg(note)
			}
			dies <- struct{}{}
			return silent(s, recv)
		})
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			<-dies
			g.serve.Stop()
		}()
		a := g.attack(method)
		records := g.run(t, a, 1)
		<-stopped
		assert.Equal(t, loadgen.Failed, records[0].Outcome)
		assert.Contains(t, []loadgen.ErrorKind{loadgen.ErrorClosed, loadgen.ErrorReset}, records[0].Error, records[0].ErrorText)
		assert.EqualValues(t, codes.Unavailable, records[0].Status)
	}
}

func TestGoAwayCostsNoCall(t *testing.T) {
	g := startTarget(t, echo, grpc.KeepaliveParams(keepalive.ServerParameters{
		MaxConnectionAge: 20 * time.Millisecond, MaxConnectionAgeGrace: time.Second,
	}))
	dialed := 0
	for _, r := range g.run(t, g.attack("Unary"), 3000) {
		assert.True(t, r.OK(), "%s: %s", r.Error, r.ErrorText)
		dialed += r.Dialed
	}
	assert.Greater(t, dialed, 2, "connections that replaced those sent away")
}

func TestMessageThatTheTargetDoesNotTakeIsItsStatus(t *testing.T) {
	g := startTarget(t, echo, grpc.MaxRecvMsgSize(100))
	a := g.attack("Unary")
	a.GRPC.Data = `{"text": "` + strings.Repeat("x", 1000) + `"}`
	for _, r := range g.run(t, a, 3) {
		assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
		assert.EqualValues(t, codes.ResourceExhausted, r.Status)
	}
}

func TestMessageThatIsTooLargeForUsFails(t *testing.T) {
	g := startTarget(t, func(s grpc.ServerStream, recv func() (*dynamicpb.Message, error)) error {
		note, err := recv()
		note.Set(note.Descriptor().Fields().ByName("raw"), protoreflect.ValueOfBytes(make([]byte, maxMessage+1)))
		_ = s.SendMsg(note)
		return err
	})
	failsAs(t, g.run(t, g.attack("Unary"), 1), loadgen.ErrorBodyTooBig, codes.ResourceExhausted)
}

func TestTargetThatSpeaksNoGRPCFails(t *testing.T) {
	g := startTarget(t, echo)
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	a := g.attack("Unary")
	a.GRPC.Target = web.Listener.Addr().String()
	for _, r := range g.run(t, a, 2) {
		assert.Equal(t, loadgen.Failed, r.Outcome)
		assert.Equal(t, loadgen.ErrorProtocol, r.Error, r.ErrorText)
	}
}

func TestTargetThatNeverAnswersTheConnectionTimesOut(t *testing.T) {
	g := startTarget(t, echo)
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	a := g.attack("Unary")
	a.GRPC.Target, a.GRPC.Timeout = l.Addr().String(), 100*time.Millisecond
	failsAs(t, g.run(t, a, 2), loadgen.ErrorTimeout, codes.DeadlineExceeded)
}

func TestAnswerWithoutAMessageIsNoAnswer(t *testing.T) {
	g := startTarget(t, func(grpc.ServerStream, func() (*dynamicpb.Message, error)) error { return nil })
	failsAs(t, g.run(t, g.attack("Unary"), 2), loadgen.ErrorProtocol, codes.Internal)
}

func TestFaultOfATemplateInALaterCallEndsTheRun(t *testing.T) {
	g := startTarget(t, echo)
	for _, workers := range []int{1, 4} {
		a := g.attack("Unary")
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: workers}, Count: 10}}
		a.GRPC.Data = `{"number": "{{if lt .RequestNumber 3}}1{{else}}many{{end}}"}`
		setup := setupOf(a)
		setup.Limits.Grace = 10 * time.Second
		e, err := Open(setup)
		require.NoError(t, err)
		records, err := carryOut(t, e, a)
		require.ErrorContains(t, err, "grpc.data: in call ")
		require.Greater(t, len(records), 3)
		for _, r := range records {
			switch {
			case r.Outcome == loadgen.NotSent:
				assert.Equal(t, loadgen.NotSentError, r.NotSent)
				// Side by side, a call before the faulty one may still have been without its
				// message when that ended the run. One after another, it was not.
				assert.True(t, r.Seq >= 3 || workers > 1, "call %d of %d workers", r.Seq, workers)
			default:
				assert.True(t, r.OK(), r.ErrorText)
				assert.Less(t, r.Seq, uint64(3), "a call without a message that can be made")
			}
		}
	}
}

// In TLS 1.3 the target refuses after our handshake is over, and closes the
// connection while gRPC writes to it. One such call in twelve was said to be
// reset, for a broken pipe, although the target had said why.
func TestARefusedCertificateIsAFailureOfTLSAlways(t *testing.T) {
	dir := t.TempDir()
	certs := loadgentest.NewPKI(t, dir)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		config := certs.ServerConfig()
		config.MaxVersion = version
		g := startTarget(t, echo, grpc.Creds(credentials.NewTLS(config)))
		a := g.attack("Unary")
		a.GRPC.Plaintext, a.GRPC.TLS = false, loadgen.TLS{CAFile: filepath.Join(dir, "ca.pem"), ServerName: "target.test"}
		a.GRPC.Connections = 1
		for range 100 { // of connections, as many as calls
			records := g.run(t, a, 1)
			failsAs(t, records, loadgen.ErrorTLS, codes.Unavailable)
			assert.Contains(t, records[0].ErrorText, "remote error: tls:", "in the words of the target")
		}
	}
}

// DNS and certificates know internationalised names in ASCII only.
func TestInternationalisedNamesGoInASCII(t *testing.T) {
	dir := t.TempDir()
	certs := loadgentest.NewPKI(t, dir)
	g := startTarget(t, echo, grpc.Creds(credentials.NewTLS(certs.ServerConfig())))
	a := g.attack("Unary")
	a.GRPC.Plaintext, a.GRPC.TLS = false, loadgen.TLS{CAFile: filepath.Join(dir, "ca.pem"), ServerName: "b\u00fccher.test"}
	records := g.run(t, a, 1)
	dialFailsAs(t, records, loadgen.ErrorTLS)
	assert.Contains(t, records[0].ErrorText, "not xn--bcher-kva.test")

	a = g.attack("Unary")
	a.GRPC.Target = "b\u00fccher.invalid:80"
	records = g.run(t, a, 1)
	dialFailsAs(t, records, loadgen.ErrorDNS)
	assert.Contains(t, records[0].ErrorText, "xn--bcher-kva.invalid")
}

func TestTLSIsAsThePlanSays(t *testing.T) {
	dir := t.TempDir()
	certs := loadgentest.NewPKI(t, dir)
	g := startTarget(t, echo, grpc.Creds(credentials.NewTLS(certs.ServerConfig())))
	good := loadgen.TLS{
		CAFile: filepath.Join(dir, "ca.pem"), ServerName: "target.test",
		CertFile: filepath.Join(dir, "client.pem"), KeyFile: filepath.Join(dir, "client.key"),
	}
	for name, c := range map[string]struct {
		change func(*loadgen.TLS)
		ok     bool
	}{
		"mutual":              {func(*loadgen.TLS) {}, true},
		"unverified":          {func(s *loadgen.TLS) { s.CAFile, s.ServerName, s.InsecureSkipVerify = "", "", true }, true},
		"unknown authority":   {func(s *loadgen.TLS) { s.CAFile = "" }, false},
		"another name":        {func(s *loadgen.TLS) { s.ServerName = "other.test" }, false},
		"without certificate": {func(s *loadgen.TLS) { s.CertFile, s.KeyFile = "", "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := g.attack("Unary")
			a.GRPC.Plaintext, a.GRPC.TLS = false, good
			c.change(&a.GRPC.TLS)
			records := g.run(t, a, 3)
			if !c.ok {
				dialFailsAs(t, records, loadgen.ErrorTLS)
				return
			}
			for _, r := range records {
				assert.True(t, r.OK(), r.ErrorText)
				assert.Equal(t, "grpcs", r.Target.Scheme)
			}
			assert.Positive(t, records[0].Phases.TLS+records[1].Phases.TLS+records[2].Phases.TLS)
		})
	}
	t.Run("plaintext", func(t *testing.T) {
		// The server closes the connection with what it has not read in it, or after it
		// has read all: its kernel resets the one and closes the other.
		for _, r := range g.run(t, g.attack("Unary"), 2) {
			if r.Outcome == loadgen.NotSent {
				assert.Equal(t, loadgen.NotSentBackoff, r.NotSent)
				continue
			}
			assert.Equal(t, loadgen.Failed, r.Outcome)
			assert.Contains(t, []loadgen.ErrorKind{loadgen.ErrorClosed, loadgen.ErrorReset}, r.Error, r.ErrorText)
		}
	})
}

package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// pipe is a named pipe whose writer, the test, says something and does not end.
type pipe struct {
	t    *testing.T
	path string
	file *os.File
}

func newPipe(t *testing.T) *pipe {
	p := &pipe{t: t, path: filepath.Join(t.TempDir(), "pipe")}
	require.NoError(t, syscall.Mkfifo(p.path, 0o600))
	var err error
	p.file, err = os.OpenFile(p.path, os.O_RDWR, 0) // for writing alone it would wait for a reader
	require.NoError(t, err)
	t.Cleanup(func() { p.file.Close() })
	return p
}

// read returns when a command has read what the pipe holds, and so waits for more.
func (p *pipe) read(text string) {
	p.t.Helper()
	_, err := p.file.WriteString(text)
	require.NoError(p.t, err)
	awaitRead(p.t, p.file)
}

func awaitRead(t *testing.T, f *os.File) {
	t.Helper()
	require.Eventually(t, func() bool {
		n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCINQ)
		return err == nil && n == 0
	}, patience(t), 5*time.Millisecond, "the pipe is not read")
}

func planOf(t *testing.T, attack string) string {
	return write(t, "plan.yaml", "attacks:\n  - {name: a, load: [{constant: 1/s, count: 1}], "+attack+"}\n")
}

func write(t *testing.T, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// mute takes connections and says nothing. came is closed at the first.
func mute(t *testing.T) (address string, came chan struct{}) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	came = make(chan struct{})
	var conns []net.Conn
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if conns = append(conns, conn); len(conns) == 1 {
				close(came)
			}
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-over
		for _, c := range conns {
			c.Close()
		}
	})
	return l.Addr().String(), came
}

// Standard input, pipes and a target that says nothing were waited for whatever the
// signals, up to the end of the world.
func TestASignalEndsWhatWaitsBeforeTheRun(t *testing.T) {
	for name, start := range waiting(t) {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(name+"/"+signal.String(), func(t *testing.T) {
				t.Parallel()
				c, waits := start(t)
				require.NoError(t, c.Start())
				waits()
				require.NoError(t, c.Process.Signal(signal))
				c.wait(t, 1)
				assert.Contains(t, c.err.String(), "Error: stopped by "+signal.String()+" before the run began\n")
				assert.Empty(t, c.out.String())
			})
		}
	}
}

// starting makes a command that waits for something, and waits returns when it does.
type starting func(*testing.T) (c *command, waits func())

// waiting are commands that wait for something before a run.
func waiting(t *testing.T) map[string]starting {
	const rpc = "method: echo.v1.Echo/Unary, target: '127.0.0.1:1'"
	echo := write(t, "echo.proto", "syntax = \"proto3\";\npackage echo.v1;\nmessage Note {}\nservice Echo { rpc Unary(Note) returns (Note); }\n")
	return map[string]starting{
		"standard input":       onStandardInput,
		"a plan":               onPlan("run"),
		"the plan of a ladder": onPlan("ladder", "--variant", "a=true", "--variant", "b=true"),
		"a body of targets":    onBodyOfTargets,
		"targets":              onPipe("http: {targets: {file: %s}}", "GET http"),
		"a body":               onPipe("http: {url: 'http://127.0.0.1:1', body_file: %s}", "x"),
		"an authority":         onPipe("http: {url: 'https://127.0.0.1:1', tls: {ca_file: %s}}", "-----BEGIN"),
		"a certificate":        onPipe("http: {url: 'https://127.0.0.1:1', tls: {cert_file: %s, key_file: "+echo+"}}", "-----BEGIN"),
		"an HTTP key":          onPipe("http: {url: 'https://127.0.0.1:1', tls: {cert_file: "+echo+", key_file: %s}}", "-----BEGIN"),
		"gRPC messages":        onPipe("grpc: {"+rpc+", proto: "+echo+", data_file: %s}", "{"),
		"a binary message":     onPipe("grpc: {"+rpc+", proto: "+echo+", binary_file: %s}", "x"),
		"a proto file":         onPipe("grpc: {"+rpc+", proto: %s}", "syntax"),
		"a protoset":           onPipe("grpc: {"+rpc+", protoset: %s}", "x"),
		"a gRPC authority":     onPipe("grpc: {"+rpc+", proto: "+echo+", tls: {ca_file: %s}}", "-----BEGIN"),
		"a key":                onPipe("grpc: {"+rpc+", proto: "+echo+", tls: {cert_file: "+echo+", key_file: %s}}", "-----BEGIN"),
		"a pipe unwritten":     unwritten(rpc, echo),
		"a configuration":      configuration,
		"a report unread":      unread,
		"a beginning":          beginsLater,
		"a mute reflection":    muteReflection,
	}
}

func onStandardInput(t *testing.T) (*command, func()) {
	c := loadtrace(t, "run", "-")
	in, writer, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { in.Close(); writer.Close() })
	_, err = writer.WriteString("attacks: ")
	require.NoError(t, err)
	c.Stdin = in
	return c, func() { awaitRead(t, in) }
}

// onPlan waits for the rest of a plan.
func onPlan(name string, flags ...string) starting {
	return func(t *testing.T) (*command, func()) {
		p := newPipe(t)
		return loadtrace(t, append([]string{name, p.path}, flags...)...), func() { p.read("attacks: ") }
	}
}

// onPipe waits for the rest of a file that an attack names.
func onPipe(attack, begin string) starting {
	return func(t *testing.T) (*command, func()) {
		p := newPipe(t)
		return loadtrace(t, "run", "--listen", "none", planOf(t, fmt.Sprintf(attack, p.path))), func() { p.read(begin) }
	}
}

func onBodyOfTargets(t *testing.T) (*command, func()) {
	p := newPipe(t)
	list := write(t, "targets", "POST http://127.0.0.1:1\n@"+p.path+"\n")
	return loadtrace(t, "run", "--listen", "none", planOf(t, "http: {targets: {file: "+list+"}}")), func() { p.read("x") }
}

// unwritten is a pipe without a writer, so that it cannot even be opened. That the
// command is there is known from another, which it reads before.
func unwritten(rpc, echo string) func(*testing.T) (*command, func()) {
	return func(t *testing.T) (*command, func()) {
		first, none := newPipe(t), filepath.Join(t.TempDir(), "none")
		require.NoError(t, syscall.Mkfifo(none, 0o600))
		load := "load: [{constant: 1/s, count: 1}]"
		plan := write(t, "plan.yaml", fmt.Sprintf("attacks:\n  - {name: a, %s, grpc: {%s, proto: %s, data_file: %s}}\n  - {name: b, %s, http: {url: 'http://h', body_file: %s}}\n",
			load, rpc, echo, first.path, load, none))
		return loadtrace(t, "run", "--listen", "none", plan), func() {
			first.read("{}")
			require.NoError(t, first.file.Close())
		}
	}
}

func configuration(t *testing.T) (*command, func()) {
	p := newPipe(t)
	return loadtrace(t, "run", "--config", p.path, planOf(t, "http: {url: 'http://127.0.0.1:1'}")), func() { p.read("receivers: ") }
}

// unread is a report's pipe without a reader.
func unread(t *testing.T) (*command, func()) {
	plan, report := newPipe(t), filepath.Join(t.TempDir(), "report")
	require.NoError(t, syscall.Mkfifo(report, 0o600))
	return loadtrace(t, "run", "--listen", "none", "--junit", report, plan.path), func() {
		plan.read("attacks: [{http: {url: 'http://127.0.0.1:1'}, load: [{constant: 1/s, count: 1}]}]")
		require.NoError(t, plan.file.Close())
	}
}

func beginsLater(t *testing.T) (*command, func()) {
	p := newPipe(t)
	at := time.Now().Add(time.Hour).Format(time.RFC3339)
	return loadtrace(t, "run", "--listen", "none", "--start-at", at, p.path), func() {
		p.read("attacks: [{http: {url: 'http://127.0.0.1:1'}, load: [{constant: 1/s, count: 1}]}]")
		require.NoError(t, p.file.Close())
	}
}

// muteReflection asks a server for its description that says nothing.
func muteReflection(t *testing.T) (*command, func()) {
	address, came := mute(t)
	c := loadtrace(t, "run", "--listen", "none", planOf(t, "grpc: {method: echo.v1.Echo/Unary, plaintext: true, target: '"+address+"'}"))
	return c, func() {
		select {
		case <-came:
		case <-time.After(patience(t)):
			t.Error("the server was not asked")
		}
	}
}

// The second signal ends the collector, which then tells of the run's end and of its
// own: whichever was heard first made it 1 or 98, which means to repeat the run.
func TestTwoSignalsAlwaysExitWith1(t *testing.T) {
	nobody, err := freeAddress()
	require.NoError(t, err)
	for range 8 {
		tg := newTestTarget(t)
		c := loadtrace(t, "run", writePlan(t, tg.url, "[{constant: 500/s, duration: 60s}]"), "--json", "--otlp", "http://"+nobody, "--listen", "none")
		require.NoError(t, c.Start())
		tg.await(t)
		require.NoError(t, c.Process.Signal(syscall.SIGINT))
		require.NoError(t, c.Process.Signal(syscall.SIGTERM)) // two of one kind that are pending are one
		c.wait(t, 1)
		assert.Contains(t, c.err.String(), "Error: the run was ")
	}
}

// A plan may give its requests any grace. No number of signals ended such a run, if its
// target hung.
func TestASecondSignalEndsTheGrace(t *testing.T) {
	reached := make(chan struct{})
	var hits atomic.Int64
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if hits.Add(1) == 20 { // by then the command watches the run
			close(reached)
		}
		<-r.Context().Done()
	}))
	t.Cleanup(hangs.Close)
	plan := write(t, "plan.yaml", "attacks:\n  - {load: [{constant: 100/s, duration: 1h}], http: {url: '"+hangs.URL+"', timeout: 1h}}\nlimits: {grace: 1h}\n")
	c := loadtrace(t, "run", plan, "--json", "--listen", "none")
	require.NoError(t, c.Start())
	select {
	case <-reached:
	case <-time.After(patience(t)):
		t.Fatal("the target was not asked")
	}
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	require.NoError(t, c.Process.Signal(syscall.SIGTERM)) // two of one kind that are pending are one
	c.wait(t, 1)
	s := c.summary(t)
	assert.Equal(t, summary.Stopped, s.End)
	assert.EqualValues(t, s.Total.Requests.Failed, s.Total.Errors[loadgen.ErrorCancelled].Count)
}

func TestWhatASignalLeavesOfAVerdict(t *testing.T) {
	breached := []verdict.Result{{Outcome: verdict.Breached}}
	aborted := []verdict.Result{{Outcome: verdict.Breached, Aborted: true}}
	for _, c := range []struct {
		end         string
		verdict     verdict.Verdict
		results     []verdict.Result
		interrupted bool
		signals     int64
		code        int
	}{
		{summary.Completed, verdict.Pass, nil, false, 0, 0},
		{summary.Completed, verdict.Fail, breached, false, 0, 99},
		{summary.Completed, verdict.Undecided, nil, false, 0, 98},
		{summary.Stopped, verdict.Undecided, nil, false, 0, 98}, // limits.max_duration
		{summary.Stopped, verdict.Fail, aborted, false, 0, 99},

		{summary.Stopped, verdict.Undecided, nil, true, 1, 1},
		{summary.Completed, verdict.Pass, nil, false, 1, 0}, // it ended the wait for the join
		{summary.Completed, verdict.Fail, breached, false, 1, 99},
		{summary.Completed, verdict.Undecided, nil, true, 1, 1}, // it gave up what was delivered
		{summary.Stopped, verdict.Fail, aborted, true, 1, 99},   // in the grace

		{summary.Stopped, verdict.Undecided, nil, true, 2, 1},
		{summary.Stopped, verdict.Undecided, breached, true, 2, 1},
		{summary.Completed, verdict.Undecided, nil, true, 2, 1},
		{summary.Completed, verdict.Pass, nil, false, 2, 1},
		{summary.Completed, verdict.Fail, breached, true, 2, 1},
		{summary.Stopped, verdict.Fail, aborted, true, 2, 99},
		{summary.Stopped, verdict.Undecided, aborted, true, 2, 99}, // its telemetry was given up
	} {
		sum := &summary.Summary{End: c.end}
		sum.Verdict = verdict.Report{Verdict: c.verdict, Thresholds: c.results, Reasons: []string{"a reason"}}
		err := judgement(sum, c.interrupted, c.signals)
		assert.Equal(t, c.code, exitCode(err), "%+v: %v", c, err)
	}
}

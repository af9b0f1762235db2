package grpcengine

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// row is a row of the table in docs/plan.md: a target and an attack on it whose last
// call ends so.
type row struct {
	attack func(t *testing.T, method string) loadgen.Attack
	calls  uint64 // 1 if not set
	gate   string // an allowed target, other than the one that is there
	stop   bool   // the run, when the call is under way
	faulty bool   // the run ends with an error
}

func rows(t *testing.T) map[string]row {
	answered := func(answer func(c *rawConn, n uint32)) func(*testing.T, string) loadgen.Attack {
		return func(t *testing.T, method string) loadgen.Attack { return startRaw(t, nil, answer).attack(t, method) }
	}
	silence := answered(func(*rawConn, uint32) {})
	dead := func(t *testing.T, method string) loadgen.Attack {
		a := startTarget(t, echo).attack(method)
		a.GRPC.Target, a.GRPC.Connections = closedPort(t), 1
		return a
	}
	dir := t.TempDir()
	certs := loadgentest.NewPKI(t, dir)
	return map[string]row{
		"finished": {attack: answered(func(c *rawConn, n uint32) { c.ok(n) })},
		"timeout": {attack: func(t *testing.T, method string) loadgen.Attack {
			a := silence(t, method)
			a.GRPC.Timeout = 100 * time.Millisecond
			return a
		}},
		"refused": {attack: dead},
		"tls": {attack: func(t *testing.T, method string) loadgen.Attack {
			a := startTarget(t, echo, grpc.Creds(credentials.NewTLS(certs.ServerConfig()))).attack(method)
			a.GRPC.Plaintext, a.GRPC.TLS = false, loadgen.TLS{CAFile: filepath.Join(dir, "ca.pem"), ServerName: "other.test"}
			return a
		}},
		"reset":    {attack: answered(func(c *rawConn, n uint32) { c.reset(n, http2.ErrCodeInternal) })},
		"closed":   {attack: answered(func(c *rawConn, _ uint32) { c.hangUp() })},
		"protocol": {attack: answered(func(c *rawConn, n uint32) { c.headers(n, true, ":status", "502") })},
		"body_too_large": {attack: answered(func(c *rawConn, n uint32) {
			c.begin(n)
			c.data(n, false, []byte{0, 0xff, 0, 0, 0})
		})},
		"not_allowed": {attack: answered(func(c *rawConn, n uint32) { c.ok(n) }), gate: "192.0.2.0/24"},
		"cancelled":   {attack: silence, stop: true},
		"connection_wait": {calls: 5, attack: func(t *testing.T, method string) loadgen.Attack {
			a := noStreams(t).attack(t, method)
			a.GRPC.Timeout = 100 * time.Millisecond
			return a
		}},
		"connection_backoff": {calls: 20, attack: func(t *testing.T, method string) loadgen.Attack {
			a := dead(t, method)
			a.Load = []pace.Stage{{Constant: 1000, Count: 20}}
			return a
		}},
		"error": {faulty: true, attack: func(t *testing.T, method string) loadgen.Attack {
			a := silence(t, method)
			a.GRPC.Metadata = map[string]string{"x": `{{if ne .RequestNumber 0}}{{fail "no"}}{{end}}`}
			a.Load = []pace.Stage{{Max: &pace.Max{Workers: 2}, Count: 2}}
			return a
		}},
		"stopped": {stop: true, attack: func(t *testing.T, method string) loadgen.Attack {
			return noStreams(t).attack(t, method)
		}},
	}
}

// HTTP's engine has the others: dns, unreachable, no_ports and no_files are told from a
// dial's error, for which TestADialsErrorHasAKind has them here, and late is every
// engine's, for which loadgentest has it.
func TestEachReasonHasItsCause(t *testing.T) {
	for reason, row := range rows(t) {
		for _, method := range methods {
			t.Run(reason+"/"+method, func(t *testing.T) {
				a := row.attack(t, method)
				if a.Load == nil {
					a.Load = oneByOne(max(1, row.calls))
				}
				var records []loadgen.Record
				if reason == string(loadgen.ErrorTimeout) {
					records = untilSent(t, a, a.GRPC.Timeout, func() []loadgen.Record { return runRow(t, row, a, reason) })
				} else {
					records = runRow(t, row, a, reason)
				}
				said := map[string]bool{}
				for _, r := range records {
					switch r.Outcome {
					case loadgen.Finished:
						said["finished"] = true
					case loadgen.Failed:
						said[string(r.Error)] = true
					default:
						said[string(r.NotSent)] = true
						assert.Zero(t, r.Sent)
					}
				}
				assert.True(t, said[reason], "%v", said)
				if row.calls == 0 && !row.faulty {
					assert.Len(t, said, 1)
				}
			})
		}
	}
}

func runRow(t *testing.T, row row, a loadgen.Attack, reason string) (records []loadgen.Record) {
	setup := setupOf(a)
	setup.Limits.Grace = 10 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	e, err := Open(setup)
	require.NoError(t, err)
	if row.gate != "" {
		e.(*engine).setup.Gate = gateOf(t, row.gate)
	}
	schedule, err := pace.New(a.Load)
	require.NoError(t, err)
	var stopping sync.WaitGroup
	if row.stop {
		stopping.Go(func() { stopUnderWay(t, e.(*engine), reason, stop) })
	}
	var mu sync.Mutex
	err = e.Run(ctx, pace.NewPacer(ctx, schedule, pace.Options{}), func(r *loadgen.Record) {
		mu.Lock()
		defer mu.Unlock()
		records = append(records, *r)
	})
	stopping.Wait()
	assert.Equal(t, row.faulty, err != nil, "%v", err)
	return records
}

// stopUnderWay stops a run when its call is on the wire, or waits for a stream.
func stopUnderWay(t *testing.T, e *engine, reason string, stop func()) {
	defer stop()
	assert.Eventually(t, func() bool {
		under := false
		attached.Range(func(_, value any) bool {
			r := value.(*run)
			if r.engine != e {
				return true
			}
			for _, c := range r.calls.all() {
				c.mu.Lock()
				under = c.streams > 0 || reason == "stopped" && c.wait == waitStream
				c.mu.Unlock()
			}
			return false
		})
		return under
	}, time.Minute, time.Millisecond)
}

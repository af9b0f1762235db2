package grpcengine

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func gateOf(t *testing.T, patterns ...string) allow.Gate {
	l, err := allow.Parse("allowed_targets", patterns)
	require.NoError(t, err)
	return allow.New(l)
}

func TestATargetThatIsNotAllowedIsNotEvenAskedForItsDescription(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.GRPC.Proto, a.GRPC.ImportPaths = "", nil
	_, err := Open(runner.Setup{Attack: a, Gate: gateOf(t, "192.0.2.0/24", "echo.test")})
	var key *pace.KeyError
	require.ErrorAs(t, err, &key)
	assert.Equal(t, "grpc.target", key.Key)
	assert.Contains(t, key.What, g.addr+" is not in allowed_targets")
}

func TestAnAllowedTargetIsCalled(t *testing.T) {
	g := startTarget(t, echo)
	a := g.attack("Unary")
	a.Load = oneByOne(3)
	allOK(t, loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{AllowedTargets: []string{"127.0.0.0/8"}}).Records)
}

// As when a name resolves elsewhere than before the run.
func TestAConnectionElsewhereCarriesNoCall(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var reached atomic.Int64
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			conn.Close()
		}
	})
	a := startTarget(t, echo).attack("Unary")
	a.GRPC.Target = l.Addr().String()
	a.Load = oneByOne(3)
	open := func(s runner.Setup) (loadgen.Engine, error) {
		e, err := Open(s)
		if err == nil {
			e.(*engine).setup.Gate = gateOf(t, "192.0.2.0/24")
		}
		return e, err
	}
	records := loadgentest.Attack(t.Context(), t, open, a, loadgen.Limits{}).Records
	require.Len(t, records, 3)
	dialFailsAs(t, records, loadgen.ErrorNotAllowed)
	l.Close()
	accepting.Wait()
	assert.Zero(t, reached.Load(), "connections, be it to hang up")
}

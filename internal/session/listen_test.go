package session

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/badinput"
)

func TestListenIsReadOrRefusedWithTheFix(t *testing.T) {
	l, err := ParseListen(DefaultListen)
	require.NoError(t, err)
	assert.Equal(t, Listen{HTTP: "127.0.0.1:4318", GRPC: "127.0.0.1:4317"}, l)
	for _, none := range []string{"", "none"} {
		l, err = ParseListen([]string{none})
		require.NoError(t, err)
		assert.False(t, l.Any())
	}
	for _, bad := range [][]string{
		{"127.0.0.1:4318"}, {"http://127.0.0.1"}, {"https://127.0.0.1:4318"}, {"http://127.0.0.1:4318/v1"}, {"http://%zz:1"},
		{"none", "http://127.0.0.1:4318"}, {"http://127.0.0.1:1", "http://127.0.0.1:2"},
	} {
		_, err := ParseListen(bad)
		assert.ErrorContains(t, err, "--listen", "%q", bad)
		assert.True(t, badinput.Is(err), "%q", bad)
	}
}

func TestACircleOfTelemetryIsSeen(t *testing.T) {
	l := Listen{HTTP: "127.0.0.1:4318", GRPC: "127.0.0.1:4317"}
	for _, same := range []string{"http://127.0.0.1:4318", "http://localhost:4318/", "http://[::1]:4318", "grpc://localhost:4317", "http://0.0.0.0:4318"} {
		assert.True(t, l.Meets(same), same)
	}
	for _, other := range []string{"http://127.0.0.1:4319", "http://otlp.example.com:4318", "https://example.com", "grpc://10.0.0.1:4317", "%"} {
		assert.False(t, l.Meets(other), other)
	}
	assert.True(t, taken(&net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}))
	assert.False(t, taken(errors.New("no")))
}

func TestAnAddressThatIsInUseIsLeftOut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	in := l.Addr().String()
	left, busy := Listen{HTTP: in, GRPC: "127.0.0.1:0"}.Free()
	assert.Equal(t, Listen{GRPC: "127.0.0.1:0"}, left)
	assert.Equal(t, []string{in}, busy)
}

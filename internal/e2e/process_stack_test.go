//go:build stack

package e2e

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process of the distribution's binary, ended in order with the test.
type process struct {
	cmd *exec.Cmd
	out *bufio.Reader
	log tail
}

func launch(t *testing.T, binary string, environment []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, args...)}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr = t.TempDir(), append(os.Environ(), environment...), &p.log
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(40*time.Second, func() { _ = p.cmd.Process.Kill() })
		defer kill.Stop()
		_ = p.cmd.Wait()
		if t.Failed() {
			t.Logf("%s ended with:\n%s", strings.Join(args, " "), p.log.String())
		}
	})
	return p
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex // guards kept
	kept []byte
}

const tailBytes = 8 << 10

func (l *tail) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, b...)
	if over := len(l.kept) - tailBytes; over > tailBytes {
		l.kept = bytes.Clone(l.kept[over:])
	}
	return len(b), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.kept)
}

package demotarget

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// spawned is the program as a process of its own, whose runtime nobody shares.
type spawned struct {
	Addresses
	cmd  *exec.Cmd
	stop func()
}

// spawn starts the program with free and args. The test's end stops it, if stop
// has not.
func spawn(t *testing.T, args ...string) *spawned {
	s := &spawned{cmd: exec.Command(os.Args[0], append(append([]string{}, free...), args...)...)}
	s.cmd.Env = append(os.Environ(), asProgram+"=target")
	said := new(journal)
	s.cmd.Stderr = said
	out, err := s.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.cmd.Start())
	s.stop = sync.OnceFunc(func() {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
	})
	t.Cleanup(s.stop)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err, "%s", said)
	require.NoError(t, json.Unmarshal(line, &s.Addresses))
	return s
}

package demotarget

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// beParent starts a target that is to end with it, and lives until it is killed.
func beParent() {
	child := exec.Command(os.Args[0], append(append([]string{}, free...), "--exit-with-parent")...)
	child.Env = append(os.Environ(), asProgram+"=target")
	child.Stdout = os.Stdout
	if child.Start() != nil {
		os.Exit(1)
	}
	_ = child.Wait() // it only ends after us
}

func TestATargetEndsWithTheProcessThatStartedIt(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), asProgram+"=parent")
	// The target inherits this pipe: it reads EOF when both are gone.
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	lines := bufio.NewReader(out)
	_, err = lines.ReadString('\n')
	require.NoError(t, err, "the target is up")

	require.NoError(t, parent.Process.Kill())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = lines.ReadString('\n')
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the target lives on without its parent")
	}
	_ = parent.Wait() // killed, as intended
}

package stack

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the kernel stop the server when we end without having
// done so. A Ctrl-C in our terminal is ours to act on, so it has a process group
// of its own.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The generator has a processor of its own, so that what it measures is not its
// target's hunger.
const (
	generatorCPU = "0"
	targetCPU    = "1"
)

// bin builds a package of the module, or of its tools, and returns the binary.
func bin(ctx context.Context, dir, pkg string, flags ...string) (string, error) {
	out := filepath.Join(dir, filepath.Base(strings.TrimSuffix(pkg, "/v12")))
	args := append(append([]string{"build"}, flags...), "-o", out, pkg)
	if msg, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", pkg, err, msg)
	}
	return out, nil
}

// pinned is a command on one processor.
func pinned(ctx context.Context, cpu string, name string, args ...string) (*exec.Cmd, error) {
	taskset, err := exec.LookPath("taskset")
	if err != nil {
		return nil, fmt.Errorf("taskset is missing (apt-get install util-linux): %w", err)
	}
	cmd := exec.CommandContext(ctx, taskset, append([]string{"-c", cpu, name}, args...)...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	return cmd, nil
}

// child is a helper process of this program that tells in its first line where
// it listens, and in its last what it saw.
type child struct {
	cmd     *exec.Cmd
	address string
	out     *bufio.Reader
	cancel  context.CancelFunc
}

func startChild(ctx context.Context, name string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd, err := pinned(ctx, targetCPU, self, append([]string{name}, args...)...)
	if err != nil {
		cancel()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	c := &child{cmd: cmd, out: bufio.NewReader(out), cancel: cancel}
	line, err := c.out.ReadString('\n')
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	c.address = strings.TrimSpace(line)
	return c, nil
}

// stop ends the child and returns its last words.
func (c *child) stop() string {
	c.cancel()
	rest, _ := io.ReadAll(c.out)
	c.cmd.Wait()
	return strings.TrimSpace(string(rest))
}

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // of resident memory, in bytes
	out       []byte
}

// run runs a command to its end.
func run(cmd *exec.Cmd) (usage, error) {
	var out bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	began := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(began), out: out.Bytes()}
	if s := cmd.ProcessState; s != nil {
		u.cpu = s.UserTime() + s.SystemTime()
		if of, ok := s.SysUsage().(*syscall.Rusage); ok {
			u.peak = of.Maxrss << 10
		}
	}
	return u, err
}

// resident is the resident memory of a process in bytes, from its status file.
func resident(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.Fields(kb)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS of process %d", pid)
}

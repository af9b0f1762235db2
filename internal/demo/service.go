package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Service is the demo service as a child process.
type Service struct {
	cmd  *exec.Cmd
	HTTP string `json:"http"`
	GRPC string `json:"grpc"`
}

// Launch configures how to start a service.
type Launch struct {
	Program []string  // the service, with its first arguments
	Under   []string  // a program that runs it, with arguments; none if empty
	Flags   []string  // beside those that are always given
	Stderr  io.Writer // takes what it says
}

// Start starts the demo service on free ports, and returns when it
// listens.
func Start(ctx context.Context, l Launch) (*Service, error) {
	command := slices.Concat(l.Under, l.Program, []string{"--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0",
		"--log-level", "warn", "--exit-with-parent"}, l.Flags)
	s := &Service{cmd: exec.Command(command[0], command[1:]...)}
	s.cmd.Stderr = l.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	// Ctrl-C is for the run; the service is stopped after it.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the demo service: %w", err)
	}
	if err := s.await(ctx, out); err != nil {
		s.Stop()
		return nil, fmt.Errorf("start the demo service: %w", err)
	}
	return s, nil
}

// Tail keeps the last that was written to it.
type Tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

// TailLimit bounds a Tail, in bytes.
const TailLimit = 4096

func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-TailLimit):]
	return len(p), nil
}

func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// await reads the line in which the service tells where it listens.
func (s *Service) await(ctx context.Context, out io.Reader) error {
	type line struct {
		text string
		err  error
	}
	first := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(out).ReadString('\n')
		first <- line{text, err}
	}()
	select {
	case l := <-first:
		if l.err != nil {
			return l.err
		}
		return json.NewDecoder(strings.NewReader(l.text)).Decode(s)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(20 * time.Second):
		return fmt.Errorf("it does not listen after 20 s")
	}
}

// Stop ends the service in order, so that its telemetry is sent, or kills it.
func (s *Service) Stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(5*time.Second, func() { s.cmd.Process.Kill() })
	defer kill.Stop()
	s.cmd.Wait()
}

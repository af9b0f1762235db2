package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/demotarget"
)

// newTarget is the demo service as a subcommand, so that the demo needs no
// second binary.
func newTarget() *cobra.Command {
	return &cobra.Command{
		Use:                "target [flags]",
		Short:              "Run the demo service (see target --help)",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			switch code := demotarget.Main(ctx, args, cmd.OutOrStdout(), cmd.ErrOrStderr()); code {
			case 0:
				return nil
			case 2:
				return badInput(fmt.Errorf("the demo service did not understand its flags"))
			default:
				return fmt.Errorf("the demo service failed")
			}
		},
	}
}

// service is the demo service as a child process.
type service struct {
	cmd  *exec.Cmd
	HTTP string `json:"http"`
	GRPC string `json:"grpc"`
}

// launch says how to start a service.
type launch struct {
	under  []string  // a program that runs it, with arguments; none if empty
	flags  []string  // beside those that are always given
	stderr io.Writer // takes what it says
}

// startService starts the demo service on free ports, and returns when it
// listens.
func startService(ctx context.Context, l launch) (*service, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the own executable: %w", err)
	}
	command := append(slices.Clone(l.under), self, "target", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0",
		"--log-level", "warn", "--exit-with-parent")
	command = append(command, l.flags...)
	s := &service{cmd: exec.Command(command[0], command[1:]...)}
	s.cmd.Stderr = l.stderr
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
		s.stop()
		return nil, fmt.Errorf("start the demo service: %w", err)
	}
	return s, nil
}

// tail keeps the last that was written to it.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

// tailLimit bounds a tail, in bytes.
const tailLimit = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-tailLimit):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// await reads the line in which the service tells where it listens.
func (s *service) await(ctx context.Context, out io.Reader) error {
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

// stop ends the service in order, so that its telemetry is sent, or kills it.
func (s *service) stop() {
	s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(5*time.Second, func() { s.cmd.Process.Kill() })
	defer kill.Stop()
	s.cmd.Wait()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/stack"
)

const pollEvery = 50 * time.Millisecond

// up starts run in the background and returns when its servers are ready.
func up(ctx context.Context, o options, args []string, out io.Writer) error {
	servers, err := o.choose(args)
	if err != nil {
		return err
	}
	if s, err := o.load(ctx); err == nil {
		show(out, s.Servers)
		return fmt.Errorf("the servers of %s run already; stop them with down, or choose another --data", o.data)
	}
	if err := buildAll(ctx, servers, out); err != nil { // here, where its progress is seen
		return err
	}
	if err := os.MkdirAll(o.data, 0o755); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	if err := os.Remove(o.stateFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the state of servers that are gone: %w", err)
	}
	background, ended, err := o.background(args)
	if err != nil {
		return err
	}
	for {
		s, err := o.load(ctx)
		if err == nil {
			show(out, s.Servers)
			fmt.Fprintf(out, "They run until down; their data and logs are in %s.\n", o.data)
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("the servers did not start:\n%s", o.lastWords())
		case <-ctx.Done():
			err := background.Signal(os.Interrupt)
			<-ended
			return errors.Join(errors.New("interrupted; the servers are stopped"), err)
		case <-time.After(pollEvery):
		}
	}
}

func (o options) ownLog() string { return filepath.Join(o.data, "stack.log") }

// background starts this program's run, which lives on when we end.
func (o options) background(args []string) (*os.Process, <-chan struct{}, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find this program: %w", err)
	}
	log, err := os.Create(o.ownLog())
	if err != nil {
		return nil, nil, fmt.Errorf("write a log: %w", err)
	}
	defer log.Close()
	flags := []string{"run", "--data", o.data}
	for _, key := range slices.Sorted(maps.Keys(o.ports)) {
		flags = append(flags, fmt.Sprintf("--port=%s=%d", key, o.ports[key]))
	}
	cmd := exec.Command(self, append(flags, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start the servers: %w", err)
	}
	ended := make(chan struct{})
	go func() { // until it ends or we do
		defer close(ended)
		_ = cmd.Wait()
	}()
	return cmd.Process, ended, nil
}

func (o options) lastWords() string {
	log, err := os.ReadFile(o.ownLog())
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(log))
}

// down stops the servers, and returns when they have ended.
func down(ctx context.Context, o options, out io.Writer) error {
	s, err := o.load(ctx)
	if errors.Is(err, errNotRunning) {
		fmt.Fprintln(out, "nothing runs")
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := s.ask(ctx, http.MethodDelete); err != nil {
		return fmt.Errorf("stop the servers: %w", err)
	}
	// run removes its state when its servers have ended.
	ctx, cancel := context.WithTimeout(ctx, stack.StopGrace+5*time.Second)
	defer cancel()
	for {
		if _, err := os.Stat(o.stateFile()); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintln(out, "stopped")
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the servers have not stopped: %w; see %s", ctx.Err(), o.ownLog())
		case <-time.After(pollEvery):
		}
	}
}

// wipe stops the servers and deletes what they wrote, and nothing else in the
// folder.
func wipe(ctx context.Context, o options, out io.Writer) error {
	if err := down(ctx, o, out); err != nil {
		return err
	}
	ours := []string{o.ownLog(), o.stateFile()}
	for _, name := range names() {
		ours = append(ours, filepath.Join(o.data, name), filepath.Join(o.data, name+".log"))
	}
	for _, path := range ours {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("delete the data: %w", err)
		}
	}
	if err := os.Remove(o.data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(out, "%s is kept: it has other files\n", o.data)
		return nil
	}
	fmt.Fprintln(out, "wiped")
	return nil
}

// status fails when a server does not run, so that a script can ask.
func status(ctx context.Context, o options, out io.Writer) error {
	s, err := o.load(ctx)
	if err != nil {
		return err
	}
	show(out, s.Servers)
	for _, server := range s.Servers {
		if server.Ended {
			return fmt.Errorf("%s has ended by itself; see %s", server.Name, server.Log)
		}
	}
	return nil
}

func show(out io.Writer, servers []serverStatus) {
	for _, s := range servers {
		how := fmt.Sprintf("runs as process %d", s.PID)
		if s.Ended {
			how = "has ended"
		}
		fmt.Fprintf(out, "%-11s %s\n", s.Name, how)
		for _, port := range slices.Sorted(maps.Keys(s.URLs)) {
			fmt.Fprintf(out, "  %-10s %s\n", port, s.URLs[port])
		}
	}
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Options configure where and how a server runs.
type Options struct {
	// Data is the folder for its data and log, made if need be.
	Data string
	// Ports by name, such as http; one that is missing or 0 takes a free port.
	Ports map[string]int
	// Progress takes lines about a build; nil: nowhere.
	Progress io.Writer
}

// Instance is a running server.
type Instance struct {
	Server Server
	// Log is the file with what it writes.
	Log string

	data    string
	at      Addresses
	logFrom int64 // where in Log it began
	cmd     *exec.Cmd
	done    chan struct{} // closed when it has ended
	err     error         // of its end; read after done
}

const (
	readyWait = time.Minute
	readyPoll = 50 * time.Millisecond
	// StopGrace is how long an orderly stop may take before a server is killed.
	StopGrace = 20 * time.Second
	attempts  = 3
)

// Start builds a server if need be, starts it and waits until it is ready. ctx
// bounds the start; a started server runs until Stop.
func Start(ctx context.Context, s Server, o Options) (*Instance, error) {
	binary, err := Build(ctx, s, o.Progress)
	if err != nil {
		return nil, err
	}
	if o.Data, err = filepath.Abs(o.Data); err != nil {
		return nil, fmt.Errorf("find the data folder of %s: %w", s.Name, err)
	}
	if err := os.MkdirAll(o.Data, 0o755); err != nil {
		return nil, fmt.Errorf("make the data folder of %s: %w", s.Name, err)
	}
	for try := 1; ; try++ {
		i, err := start(ctx, s, o, binary)
		if err == nil || try == attempts || !errors.Is(err, errPortTaken) || ctx.Err() != nil {
			return i, err
		}
	}
}

var errPortTaken = errors.New("another process took a port first")

func start(ctx context.Context, s Server, o Options, binary string) (*Instance, error) {
	dir, err := folder(s)
	if err != nil {
		return nil, err
	}
	at, err := assign(s, o.Ports)
	if err != nil {
		return nil, err
	}
	i := &Instance{Server: s, Log: filepath.Join(o.Data, s.Name+".log"), data: o.Data, at: at, done: make(chan struct{})}
	i.cmd = exec.Command(binary, s.Args(filepath.Join(dir, s.Config), at)...)
	i.cmd.Dir, i.cmd.Env = o.Data, os.Environ()
	if s.Env != nil {
		i.cmd.Env = append(i.cmd.Env, s.Env(at)...)
	}
	if err := i.launch(); err != nil {
		return nil, err
	}
	if err := i.await(ctx); err != nil {
		return nil, errors.Join(err, i.kill())
	}
	return i, nil
}

// launch starts the process and waits for its end in a goroutine.
//
// Subtle: the kernel ends an orphan when the thread that started it ends, which
// may be long before our process does. So the goroutine that starts it keeps its
// thread until the server has ended.
func (i *Instance) launch() error {
	log, err := os.OpenFile(i.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write the log of %s: %w", i.Server.Name, err)
	}
	if at, err := log.Seek(0, io.SeekEnd); err == nil {
		i.logFrom = at
	}
	i.cmd.Stdout, i.cmd.Stderr = log, log
	endWithParent(i.cmd)
	started := make(chan error, 1)
	go func() {
		defer close(i.done)
		defer log.Close()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := i.cmd.Start()
		started <- err
		if err == nil {
			i.err = i.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", i.Server.Name, err)
	}
	return nil
}

// await returns when the server is ready.
func (i *Instance) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		answer := i.probe(ctx)
		if answer == nil {
			return nil
		}
		select {
		case <-i.done:
			return i.ended()
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready at %s (%w): %w; its log %s ends with:\n%s",
				i.Server.Name, i.URL(i.Server.ReadyPort), context.Cause(ctx), answer, i.Log, i.lastWords())
		case <-tick.C:
		}
	}
}

// probe asks once whether the server is ready.
func (i *Instance) probe(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.URL(i.Server.ReadyPort)+i.Server.ReadyPath, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return fmt.Errorf("status %d: %s", response.StatusCode, strings.TrimSpace(string(text)))
	}
	return nil
}

func (i *Instance) ended() error {
	words := i.lastWords()
	err := fmt.Errorf("%s ended by itself (%v); its log %s ends with:\n%s", i.Server.Name, i.err, i.Log, words)
	if strings.Contains(words, "address already in use") {
		return errors.Join(errPortTaken, err)
	}
	return err
}

// lastWords is the end of the log since the start.
func (i *Instance) lastWords() string {
	log, err := os.ReadFile(i.Log)
	if err != nil {
		return err.Error()
	}
	log = log[min(int(i.logFrom), len(log)):]
	const most = 2000
	return string(log[max(0, len(log)-most):])
}

// Address is host:port of a port.
func (i *Instance) Address(port string) string { return i.at[port] }

// URL is http:// and the address of a port.
func (i *Instance) URL(port string) string { return "http://" + i.at[port] }

// URLs are those of all ports, by name.
func (i *Instance) URLs() map[string]string {
	urls := map[string]string{}
	for name := range i.at {
		urls[name] = i.URL(name)
	}
	return urls
}

// Again are the options with which it starts again where it was: on its ports,
// with its data.
func (i *Instance) Again() Options {
	ports := map[string]int{}
	for name := range i.at {
		ports[name], _ = strconv.Atoi(i.at.Port(name))
	}
	return Options{Data: i.data, Ports: ports}
}

// PID is its process id.
func (i *Instance) PID() int { return i.cmd.Process.Pid }

// Done is closed when the server has ended, for whatever reason.
func (i *Instance) Done() <-chan struct{} { return i.done }

// Stop ends the server in order, and returns when it has ended. One that takes
// longer than StopGrace, or than ctx, is killed, which is an error.
func (i *Instance) Stop(ctx context.Context) error {
	select {
	case <-i.done:
		return i.ended()
	default:
	}
	if err := i.cmd.Process.Signal(os.Interrupt); err != nil {
		return errors.Join(fmt.Errorf("stop %s: %w", i.Server.Name, err), i.kill())
	}
	ctx, cancel := context.WithTimeout(ctx, StopGrace)
	defer cancel()
	select {
	case <-i.done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s did not stop in time and was killed: %w", i.Server.Name, context.Cause(ctx)), i.kill())
	}
}

func (i *Instance) kill() error {
	err := i.cmd.Process.Kill()
	<-i.done
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/internal/stack"
)

// run runs the servers until ctx ends or down asks for it.
func run(ctx context.Context, o options, args []string, out io.Writer) (err error) {
	servers, err := o.choose(args)
	if err != nil {
		return err
	}
	if _, err := o.load(ctx); err == nil {
		return fmt.Errorf("the servers of %s run already; stop them with down, or choose another --data", o.data)
	}
	if err := os.MkdirAll(o.data, 0o755); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	running, err := startAll(ctx, o, servers, out)
	defer os.Remove(o.stateFile()) // last of all: down waits for it
	defer func() { err = errors.Join(err, stopAll(running)) }()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c, err := newControl(running, cancel)
	if err != nil {
		return err
	}
	defer c.close()
	if err := o.save(state{Control: c.url, Token: c.token, Servers: statuses(running)}); err != nil {
		return err
	}
	show(out, statuses(running))
	<-ctx.Done()
	fmt.Fprintln(out, "stopping")
	return nil
}

// startAll starts the servers side by side, once all are built. Those that run
// are returned with an error too.
func startAll(ctx context.Context, o options, servers []chosen, out io.Writer) ([]*stack.Instance, error) {
	if err := buildAll(ctx, servers, out); err != nil {
		return nil, err
	}
	instances, faults := make([]*stack.Instance, len(servers)), make([]error, len(servers))
	var wg sync.WaitGroup
	for n, c := range servers {
		wg.Go(func() {
			instances[n], faults[n] = stack.Start(ctx, c.server, stack.Options{Data: o.data, Ports: c.ports})
		})
	}
	wg.Wait()
	var running []*stack.Instance
	for _, i := range instances {
		if i != nil {
			running = append(running, i)
		}
	}
	return running, errors.Join(faults...)
}

// build is for those who want the minutes that it takes over before they start.
func build(ctx context.Context, o options, args []string, out io.Writer) error {
	servers, err := o.choose(args)
	if err != nil {
		return err
	}
	for _, c := range servers {
		binary, err := stack.Build(ctx, c.server, out)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: built as %s\n", c.server.Name, binary)
	}
	return nil
}

func buildAll(ctx context.Context, servers []chosen, out io.Writer) error {
	for _, c := range servers {
		if _, err := stack.Build(ctx, c.server, out); err != nil {
			return err
		}
	}
	return nil
}

func stopAll(running []*stack.Instance) error {
	faults := make([]error, len(running))
	var wg sync.WaitGroup
	for n, i := range running {
		wg.Go(func() { faults[n] = i.Stop(context.Background()) })
	}
	wg.Wait()
	return errors.Join(faults...)
}

func statuses(running []*stack.Instance) (out []serverStatus) {
	for _, i := range running {
		s := serverStatus{Name: i.Server.Name, PID: i.PID(), Log: i.Log, URLs: i.URLs()}
		select {
		case <-i.Done():
			s.Ended = true
		default:
		}
		out = append(out, s)
	}
	return out
}

// control answers status and down, on loopback.
type control struct {
	url, token string
	server     *http.Server
	done       chan struct{}
}

func newControl(running []*stack.Instance, stop func()) (*control, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for status and down: %w", err)
	}
	c := &control{url: "http://" + l.Addr().String(), token: rand.Text(), done: make(chan struct{})}
	c.server = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+c.token)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(statuses(running)) // a reader that has gone needs no answer
		if r.Method == http.MethodDelete {
			stop()
		}
	})}
	go func() {
		defer close(c.done)
		_ = c.server.Serve(l) // until close
	}()
	return c, nil
}

func (c *control) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.server.Shutdown(ctx)
	<-c.done
}

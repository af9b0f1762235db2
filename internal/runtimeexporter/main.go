package runtimeexporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// Exit codes of Main.
const (
	exitOK    = 0
	exitFault = 1 // it could not start, or could not go on
	exitUsage = 2
)

// stopWithin bounds an orderly stop: scrapes under way are answered.
const stopWithin = 3 * time.Second

// Main runs the exporter until ctx ends, and returns the exit code: 0 after an
// orderly stop, 1 when it cannot listen or serve, 2 for bad flags or a bad
// configuration. When it listens it writes a line of JSON to stdout, with its
// address: {"http":"127.0.0.1:9091"}. The log goes to stderr.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, usage, err := parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		usage(stdout)
		return exitOK
	}
	var targets []*target.Target
	if err == nil {
		targets, err = makeTargets(o.targets)
	}
	if err != nil {
		fmt.Fprintf(stderr, "exporter: %v\nexporter --help lists the flags\n", err)
		return exitUsage
	}
	defer func() {
		for _, t := range targets {
			t.Close()
		}
	}()
	if err := serve(ctx, o, targets, stdout, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: o.level}))); err != nil {
		fmt.Fprintf(stderr, "exporter: %v\n", err)
		return exitFault
	}
	return exitOK
}

func makeTargets(configs []target.Config) ([]*target.Target, error) {
	var all []*target.Target
	var faults []error
	for _, c := range configs {
		t, err := target.New(c)
		if err != nil {
			faults = append(faults, fmt.Errorf("target %w", err))
			continue
		}
		if slices.ContainsFunc(all, func(o *target.Target) bool { return o.Service == t.Service && o.Instance == t.Instance }) {
			faults = append(faults, fmt.Errorf("target %s: is there twice for service %s, by its labels; write it once", c.Address, c.Service))
		}
		all = append(all, t)
	}
	return all, errors.Join(faults...)
}

func serve(ctx context.Context, o options, targets []*target.Target, stdout io.Writer, log *slog.Logger) error {
	listener, err := net.Listen("tcp", o.listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--listen %s: the address is in use; stop what listens there, or write another port", o.listen)
	}
	if err != nil {
		return fmt.Errorf("--listen %s: cannot listen: %w", o.listen, err)
	}
	defer func() { _ = listener.Close() }()
	server := &http.Server{
		Handler:           newHandler(targets, log),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener, server, &web.FlagConfig{WebConfigFile: &o.webConfig}, log) }()
	if err := json.NewEncoder(stdout).Encode(map[string]string{"http": listener.Addr().String()}); err != nil {
		err = fmt.Errorf("print the address: %w", err)
		return errors.Join(err, server.Close(), ended(<-served))
	}
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if server.Shutdown(stopping) != nil {
		_ = server.Close() // a scrape hangs; its targets' timeouts are longer
	}
	return ended(<-served)
}

// ended takes the end that was asked for as no error.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

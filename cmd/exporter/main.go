// Exporter is a Prometheus exporter for the Go runtime of services; see README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	os.Exit(runtimeexporter.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

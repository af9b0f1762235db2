package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// commands by name.
var commands = map[string]func(ctx context.Context, args []string) error{
	"soak":     soak,
	"memory":   memory,
	"vegeta":   vegetaRivals,
	"ghz":      ghzRivals,
	"exporter": exporter,
	"lag":      lag,
	"tax":      tax,
	"archive":  archived,
	"server":   server,
	"health":   health,
	"late":     late,
	"diagnose": diagnose,
	"tail":     tail,
	"sink":     sink,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: bench soak|memory|vegeta|ghz|lag|tax|archive|exporter|late|diagnose [flags]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

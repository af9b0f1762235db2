//go:build linux

package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// inNetwork has the test binary be the command in a network namespace of its own,
// beside a target.
const inNetwork = "network"

// networkTarget is where that target listens.
const networkTarget = "127.0.0.1:9999"

// inFewPorts sets up the network with eight local ports, starts the target, and
// runs the command.
func inFewPorts(args []string) int {
	if err := setUpNetwork(); err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", networkTarget)
	if err != nil {
		panic(err)
	}
	// Each request holds its port for a while: who closes first, and so whether a
	// port stays taken afterwards, is left to chance.
	go http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(100 * time.Millisecond) }))
	return execute(context.Background(), args, os.Stdout, os.Stderr)
}

func setUpNetwork() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("50000 50007"), 0o644)
}

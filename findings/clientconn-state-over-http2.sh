#!/usr/bin/env bash
# net/http of Go 1.26.8, http.ClientConn over HTTP/2: the state hook is silent about
# requests that were not reserved, and a closed connection says that it is available.
#
# The documentation of ClientConn.SetStateHook says that the hook is called when
# InFlight decreases, which is when a request completes. Whether the request was
# preceded by Reserve is not a condition. Over HTTP/2, of ten requests one after
# another, each answered with 204, the hook sees ten with Reserve and none without:
# what the hook compares with is only brought up to date by Reserve and at the end
# of RoundTrip, and by then InFlight is zero again. A pool that waits for the hook
# before it sends the next request waits for ever.
#
# The documentation of ClientConn.Available says that it returns 0 if the connection
# is closed. It does so if the connection was used before. For one that was closed
# before its first request it returns what the server allows, here 250 (100 until the
# server has said so), while Err says that it is closed.
#
# Output seen:
#
#     10 requests with Reserve: 10 calls of the hook
#     10 requests without Reserve: 0 calls of the hook
#     closed after a request: available 0, err connection closed
#     closed before a request: available 250, err connection closed
#
# Exits 0 if net/http still behaves so, 1 if it has changed. It needs Go 1.26; the
# toolchain is pinned to 1.26.8.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.26.8

cat > go.mod <<'MOD'
module finding

go 1.26
MOD

cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"
)

func main() {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t := &http.Transport{Protocols: new(http.Protocols)}
	t.Protocols.SetUnencryptedHTTP2(true)

	open := func() *http.ClientConn {
		c, err := t.NewClientConn(context.Background(), "http", s.Listener.Addr().String())
		check(err)
		return c
	}
	send := func(c *http.ClientConn) {
		req, err := http.NewRequest("GET", s.URL, nil)
		check(err)
		resp, err := c.RoundTrip(req)
		check(err)
		check(resp.Body.Close())
	}
	hooked := func(reserve bool) int64 {
		c := open()
		defer c.Close()
		send(c)
		settle()
		var calls atomic.Int64
		c.SetStateHook(func(*http.ClientConn) { calls.Add(1) })
		settle()
		calls.Store(0)
		for range 10 {
			if reserve {
				check(c.Reserve())
			}
			send(c)
			settle() // the hook may come from another goroutine
		}
		return calls.Load()
	}
	with, without := hooked(true), hooked(false)
	fmt.Println("10 requests with Reserve:", with, "calls of the hook")
	fmt.Println("10 requests without Reserve:", without, "calls of the hook")

	used, unused := open(), open()
	send(used)
	used.Close()
	unused.Close()
	fmt.Printf("closed after a request: available %d, err %v\n", used.Available(), used.Err())
	fmt.Printf("closed before a request: available %d, err %v\n", unused.Available(), unused.Err())
	if with != 10 || without != 0 || used.Available() != 0 || unused.Available() == 0 || unused.Err() == nil {
		fmt.Println("changed")
		os.Exit(1)
	}
}

func settle() { time.Sleep(20 * time.Millisecond) }

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
}
GO

go run .

#!/usr/bin/env bash
# net/http of Go 1.26.8, HTTP/2: when one request cannot be written, all others of its
# connection fail, though their answers can still be read.
#
# A server that has closed its side may have said a lot before: the answers to what it took,
# and GOAWAY, which tells what it did not. TCP delivers all that. The client finds out that
# nothing more can be written when it tries to, and then closes the connection at once,
# without reading to its end. What is left unread is lost, GOAWAY included, so that nothing
# can tell which requests may be sent again.
#
# Seen: a request whose answer comes 300 ms later succeeds alone. Beside one that cannot be
# written it fails: "http2: client connection force closed via ClientConn.Close".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26.0

require golang.org/x/net v0.58.0

require golang.org/x/text v0.41.0 // indirect
MOD
cat > main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// deaf is a connection over which, from a moment on, nothing more can be written. What
// the other end says can still be read.
type deaf struct {
	net.Conn
	closed atomic.Bool
}

func (d *deaf) Write(b []byte) (int, error) {
	if d.closed.Load() {
		return 0, errors.New("broken pipe")
	}
	return d.Conn.Write(b)
}

// answer answers the first request 300 ms after it came.
func answer(c net.Conn, came chan<- struct{}) {
	io.ReadFull(c, make([]byte, len(http2.ClientPreface)))
	f := http2.NewFramer(c, c)
	f.WriteSettings()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				f.WriteSettingsAck()
			}
		case *http2.HeadersFrame:
			close(came)
			time.Sleep(300 * time.Millisecond)
			var head writer
			hpack.NewEncoder(&head).WriteField(hpack.HeaderField{Name: ":status", Value: "204"})
			f.WriteHeaders(http2.HeadersFrameParam{StreamID: frame.StreamID, BlockFragment: head, EndHeaders: true, EndStream: true})
			return
		}
	}
}

type writer []byte

func (w *writer) Write(b []byte) (int, error) { *w = append(*w, b...); return len(b), nil }

// first is what becomes of a request while a second one is tried, or not.
func first(second bool) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	came := make(chan struct{})
	go func() {
		c, err := l.Accept()
		if err == nil {
			answer(c, came)
		}
	}()
	var d *deaf
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if d != nil {
				return nil, errors.New("one connection is enough")
			}
			c, err := (&net.Dialer{}).DialContext(ctx, network, address)
			d = &deaf{Conn: c}
			return d, err
		},
	}}
	done := make(chan error)
	go func() {
		response, err := client.Get("http://" + l.Addr().String())
		if err == nil {
			response.Body.Close()
		}
		done <- err
	}()
	<-came
	if second {
		d.closed.Store(true)
		_, err := client.Get("http://" + l.Addr().String())
		fmt.Println("the second request, which cannot be written:", err)
	}
	return <-done
}

func main() {
	alone, beside := first(false), first(true)
	fmt.Println("the first request, alone:", alone)
	fmt.Println("the first request, beside the second:", beside)
	if alone != nil || beside == nil {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
go version
GOFLAGS=-mod=mod go run .

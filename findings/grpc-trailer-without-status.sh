#!/usr/bin/env bash
# grpc-go v1.83.0: a trailer without grpc-status looks like one that says UNKNOWN.
#
# A client that wants to know whether a status came from the server, or was made up by
# grpc-go since there was none, looks for stats.InTrailer: it is reported for trailers of
# the server, and for none of the statuses that grpc-go makes of a reset, a closed
# connection or an HTTP error page.
#
# But it is reported for a trailer that has no grpc-status too. The call then ends with
# the code UNKNOWN and an empty message, exactly as if the server had sent
# "grpc-status: 2". A server, or a proxy, that forgets the status cannot be told from one
# that means UNKNOWN, by anything that grpc-go's API gives; only by the bytes.
#
# Seen: both calls print "Unknown, message "", InTrailer true".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.25.0

require (
	golang.org/x/net v0.59.0
	google.golang.org/grpc v1.83.0
)
MOD
cat > main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync/atomic"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// serve answers each call with a header, the empty message and a trailer.
func serve(conn net.Conn, trailer ...string) {
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(conn, conn)
	framer.WriteSettings()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	send := func(stream uint32, end bool, fields ...string) {
		block.Reset()
		for i := 0; i < len(fields); i += 2 {
			encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
		}
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndStream: end, EndHeaders: true})
	}
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				framer.WriteSettingsAck()
			}
		case *http2.DataFrame:
			if f.StreamEnded() {
				send(f.StreamID, false, ":status", "200", "content-type", "application/grpc")
				framer.WriteData(f.StreamID, false, make([]byte, 5))
				send(f.StreamID, true, trailer...)
			}
		}
	}
}

type heard struct{ trailer atomic.Bool }

func (*heard) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*heard) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*heard) HandleConn(context.Context, stats.ConnStats)                       {}
func (h *heard) HandleRPC(_ context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.InTrailer); ok {
		h.trailer.Store(true)
	}
}

func call(trailer ...string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			serve(conn, trailer...)
		}
	}()
	h := &heard{}
	cc, err := grpc.NewClient("passthrough:///"+l.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStatsHandler(h))
	if err != nil {
		log.Fatal(err)
	}
	defer cc.Close()
	err = cc.Invoke(context.Background(), "/s.S/M", &emptypb.Empty{}, &emptypb.Empty{})
	return fmt.Sprintf("%s, message %q, InTrailer %v", status.Code(err), status.Convert(err).Message(), h.trailer.Load())
}

func main() {
	sent, forgotten := call("grpc-status", "2"), call("x-other", "1")
	fmt.Println("grpc-status: 2   ->", sent)
	fmt.Println("no grpc-status   ->", forgotten)
	if sent != `Unknown, message "", InTrailer true` || forgotten != sent {
		fmt.Println("this is no longer so")
		os.Exit(1)
	}
}
GO
go mod tidy >tidy.log 2>&1 || { cat tidy.log; exit 1; }
go run .

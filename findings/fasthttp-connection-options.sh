#!/usr/bin/env bash
# fasthttp v1.72.0 takes a response for the last of its connection only if the value of
# Connection is exactly "close". RFC 9110, section 7.6.1, makes it a list of
# case-insensitive options, over any number of lines: net/http closes after each of the
# responses below. A client that keeps such a connection sends its next request into one
# that the server has closed. After HEAD without a length, of which the end is known,
# fasthttp does not keep the connection.
#
# Seen with go1.26.8:
#
#   close             fasthttp closes=true   net/http closes=true
#   Close             fasthttp closes=false  net/http closes=true
#   close, X-Foo      fasthttp closes=false  net/http closes=true
#   close then X-Foo  fasthttp closes=false  net/http closes=true
#   HEAD, no length   fasthttp closes=true   net/http closes=false
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26
MOD
cat > main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"

	"github.com/valyala/fasthttp"
)

func main() {
	for _, c := range []struct{ name, method, head string }{
		{"close", "GET", "Connection: close\r\nContent-Length: 0\r\n"},
		{"Close", "GET", "Connection: Close\r\nContent-Length: 0\r\n"},
		{"close, X-Foo", "GET", "Connection: close, X-Foo\r\nContent-Length: 0\r\n"},
		{"close then X-Foo", "GET", "Connection: close\r\nConnection: X-Foo\r\nContent-Length: 0\r\n"},
		{"HEAD, no length", "HEAD", "Server: x\r\n"},
	} {
		text := "HTTP/1.1 200 OK\r\n" + c.head + "\r\n"
		var fast fasthttp.Response
		fast.SkipBody = c.method == "HEAD"
		if err := fast.Read(bufio.NewReader(strings.NewReader(text))); err != nil {
			panic(err)
		}
		std, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), &http.Request{Method: c.method})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-17s fasthttp closes=%-5t  net/http closes=%t\n", c.name, fast.ConnectionClose(), std.Close)
	}
}
GO
go get github.com/valyala/fasthttp@v1.72.0 2>/dev/null
go run . | tee out
diff out - <<'WANT'
close             fasthttp closes=true   net/http closes=true
Close             fasthttp closes=false  net/http closes=true
close, X-Foo      fasthttp closes=false  net/http closes=true
close then X-Foo  fasthttp closes=false  net/http closes=true
HEAD, no length   fasthttp closes=true   net/http closes=false
WANT

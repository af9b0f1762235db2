#!/usr/bin/env bash
# net/http (go1.26.8) fails a response whose trailer section is longer than the read
# buffer of its transport, 4 KiB unless ReadBufferSize says otherwise: "http: suspiciously
# long trailer after chunked body". RFC 9112, section 7.1.2, has no such bound, a header
# field of the same length is taken, and the documentation of ReadBufferSize does not
# mention it.
#
# Seen:
#
#   header of 5000 bytes                          err=<nil>
#   trailer of 5000 bytes                         err=http: suspiciously long trailer after chunked body
#   trailer of 5000 bytes, ReadBufferSize 8192    err=<nil>
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
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
)

func main() {
	long := strings.Repeat("x", 5000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/header" {
			w.Header().Set("X-Long", long)
		}
		w.(http.Flusher).Flush()
		io.WriteString(w, "hello")
		if r.URL.Path == "/trailer" {
			w.Header().Set(http.TrailerPrefix+"X-Long", long)
		}
	}))
	defer s.Close()
	get := func(name, path string, buffer int) {
		client := &http.Client{Transport: &http.Transport{ReadBufferSize: buffer}}
		resp, err := client.Get(s.URL + path)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		fmt.Printf("%-45s err=%v\n", name, err)
	}
	get("header of 5000 bytes", "/header", 0)
	get("trailer of 5000 bytes", "/trailer", 0)
	get("trailer of 5000 bytes, ReadBufferSize 8192", "/trailer", 8192)
}
GO
go run . | tee out
diff out - <<'WANT'
header of 5000 bytes                          err=<nil>
trailer of 5000 bytes                         err=http: suspiciously long trailer after chunked body
trailer of 5000 bytes, ReadBufferSize 8192    err=<nil>
WANT

package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The line is net/http's own, so that the test tells if it reads otherwise.
func TestWhatNetHTTPLogsOfATargetIsNotShown(t *testing.T) {
	var shown bytes.Buffer
	logged := make(chan bool, 1)
	before := log.Writer()
	lines := &stdLog{Writer: &shown}
	log.SetOutput(lines)
	defer log.SetOutput(before)

	near, far := net.Pipe()
	defer far.Close()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return &farewell{near, logged}, nil
	}}
	defer transport.CloseIdleConnections()
	go func() {
		far.Read(make([]byte, 4096))
		io.WriteString(far, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nand more")
	}()
	req, err := http.NewRequest("GET", "http://target.test/", nil)
	require.NoError(t, err)
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	resp.Body.Close()
	<-logged // net/http closes the connection after the line
	log.Print("something else")
	assert.Contains(t, shown.String(), "something else")
	assert.NotContains(t, shown.String(), "and more")
	lines.report()
	assert.Contains(t, shown.String(), "note: the target sent bytes that belong to no response, 1 times\n")
}

// The line is net/http's own, as above.
func TestWhatNetHTTPLogsOfHTTP2IsCounted(t *testing.T) {
	var shown bytes.Buffer
	lines := &stdLog{Writer: &shown}
	before := log.Writer()
	log.SetOutput(lines)
	defer log.SetOutput(before)

	closed := make(chan bool, 1)
	near, far := net.Pipe()
	defer far.Close()
	transport := &http.Transport{Protocols: new(http.Protocols), DialContext: func(context.Context, string, string) (net.Conn, error) {
		return &farewell{near, closed}, nil
	}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	go io.Copy(io.Discard, far)
	go far.Write([]byte{0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}) // PING
	req, err := http.NewRequest("GET", "http://target.test/", nil)
	require.NoError(t, err)
	_, err = transport.RoundTrip(req)
	require.Error(t, err)
	<-closed
	lines.report()
	assert.Equal(t, "note: the target sent HTTP/2 frames out of turn, 1 times\n", shown.String())
}

// farewell tells when it is closed.
type farewell struct {
	net.Conn
	closed chan bool
}

func (e *farewell) Close() error {
	select {
	case e.closed <- true:
	default:
	}
	return e.Conn.Close()
}

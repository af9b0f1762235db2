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
	log.SetOutput(stdLog{&shown})
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

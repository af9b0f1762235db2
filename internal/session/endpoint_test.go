package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Which error of several comes last is chance; which of them says why is not.
func TestTheErrorOfAnEndpointThatSaysMostIsKept(t *testing.T) {
	malformed := &url.Error{Op: "Post", URL: "http://h", Err: errors.New(`malformed HTTP response "\x00\x00\x06"`)}
	gone := &url.Error{Op: "Post", URL: "http://h", Err: &net.OpError{Op: "write", Err: syscall.EPIPE}}
	first := &url.Error{Op: "Post", URL: "http://h", Err: fmt.Errorf("readLoopPeekFailLocked: %w", error(nil))}
	late := fmt.Errorf("shut down: %w", context.Canceled)
	for _, order := range [][]error{{malformed, gone, late}, {late, gone, malformed}, {gone, malformed, first, gone}} {
		var e endpoint
		for _, err := range order {
			require.Equal(t, err, e.observe(err))
		}
		sum := summary.Summary{RunID: "1", Telemetry: summary.Telemetry{SpansDropped: 1}}
		require.NotEmpty(t, e.explain("http://h", &sum))
		assert.Equal(t, []string{`the endpoint of --otlp, http://h, did not take all telemetry: malformed HTTP response "\x00\x00\x06"; it speaks gRPC there: write grpc://h`}, sum.Faults)
	}
}

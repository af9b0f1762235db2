package runtimeexporter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrometheusTimeoutIsKept(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "10")
	before := time.Now()
	ctx, cancel := scrapeTime(request)
	defer cancel()
	after := time.Now()
	deadline, ok := ctx.Deadline()
	require.True(t, ok)
	assert.WithinRange(t, deadline, before.Add(10*time.Second-reserve), after.Add(10*time.Second-reserve))
}

func TestBadInputIsRefusedWithWhatToWrite(t *testing.T) {
	dir := t.TempDir()
	file := func(text string) string {
		name := filepath.Join(dir, fmt.Sprintf("%d.yaml", time.Now().UnixNano()))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "--target: is missing; write --target=host:port, or --config=file"},
		{[]string{"--target=a:1"}, "--service: is there 0 times for 1 targets"},
		{[]string{"--service=a", "--target=ftp://x"}, `"ftp://x": is not an address`},
		{[]string{"--service=a", "--target=http://u:p@x"}, "has credentials in it"},
		{[]string{"--service=a", "--target=x:1", "--target=x:1"}, "is there twice"},
		{[]string{"--service=a", "--service=b", "--target=x:1"}, "--service: is there 2 times for 1 targets"},
		{[]string{"--service=a", "--target=x:1", "--listen=9091"}, `--listen "9091": is not an address`},
		{[]string{"--service=a", "--target=x:1", "--timeout=0s"}, "--timeout 0s: is too short"},
		{[]string{"--service=a", "--target=x:1", "--pass=("}, `--pass "(": is not a pattern`},
		{[]string{"--service=a", "--target=x:1", "--log-level=loud"}, `--log-level "loud": is not a level`},
		{[]string{"--service=a", "--target=x:1", "--target-cert=c"}, "--target-cert: needs --target-key"},
		{[]string{"--service=a", "--target=x:1", "--target-bearer=c", "--target-username=u"}, "write one of them"},
		{[]string{"--service=a", "--target=x:1", "--web-config=none"}, "--web-config none"},
		{[]string{"--config=none.yaml"}, "none.yaml"},
		{[]string{"--config=" + file("targets: []")}, "targets: is empty"},
		{[]string{"--config=" + file("targets: [{service: a}]")}, "targets[0].target: is missing"},
		{[]string{"--config=" + file("targets: [{sevice: a}]")}, "sevice"},
		{[]string{"x"}, `"x": takes flags only`},
	} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, Main(t.Context(), c.args, io.Discard, &stderr), c.args)
		assert.Contains(t, stderr.String(), c.want)
	}
}

func TestHelpIsNoFault(t *testing.T) {
	var stdout bytes.Buffer
	assert.Equal(t, exitOK, Main(t.Context(), []string{"--help"}, &stdout, io.Discard))
	assert.Contains(t, stdout.String(), "--target")
}

func TestAnAddressInUseIsAFault(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	var stderr bytes.Buffer
	assert.Equal(t, exitFault, Main(t.Context(), []string{"--service=a", "--target=x:1", "--listen", taken.Addr().String()}, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "the address is in use")
}

// run runs the command until check returns.
func run(t *testing.T, args []string, check func(address string)) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, in := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- Main(ctx, append(args, "--listen=127.0.0.1:0"), in, io.Discard); _ = in.Close() }()
	var address struct{ HTTP string }
	require.NoError(t, json.NewDecoder(out).Decode(&address))
	check(address.HTTP)
	http.DefaultClient.CloseIdleConnections()
	stop()
	assert.Equal(t, exitOK, <-code)
}

func get(t *testing.T, url string) string {
	response, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	return string(body)
}

// Two targets with the same labels would be one.
func TestTargetsThatHaveTheSameLabelsAreRefused(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end() // one that is not refused stops at once
	for _, other := range []string{"http://x:1", "x:1/", "https://x:1"} {
		var stderr bytes.Buffer
		assert.Equal(t, exitUsage, Main(ended, []string{"--service=a", "--target=x:1", "--target", other, "--listen=127.0.0.1:0"}, io.Discard, &stderr), other)
		assert.Contains(t, stderr.String(), "is there twice", other)
	}
}

package demotarget

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHelpNamesEveryFlagAndATokenAndIsNoFault(t *testing.T) {
	var out, log bytes.Buffer
	require.Zero(t, Main(t.Context(), []string{"--help"}, &out, &log))
	assert.Empty(t, log.String())
	for _, word := range []string{
		"-http", "-grpc", "-cache", "-store-latency", "-store-tail", "-error-share", "-seed",
		"-tune", "-fault", "-otlp", "-service", "-instance", "-log-level", "-log-format", "-exit-with-parent",
		"Bearer demo-0001",
	} {
		assert.Contains(t, out.String(), word)
	}
}

func TestABadFlagIsNamedWithItsCureAndTheUsage(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{"--nonsense", "flag provided but not defined: -nonsense"},
		{"--http=8080", `--http "8080": is not an address; write host:port`},
		{"--grpc=8081", `--grpc "8081": is not an address; write host:port`},
		{"--error-share=1.5", "--error-share 1.5: is not a share"},
		{"--store-tail=NaN", "--store-tail NaN: is not a share"},
		{"--store-latency=-1ms", "--store-latency -1ms: is negative"},
		{"--cache=0", "--cache 0: is too small"},
		{"--service=", "--service: is empty"},
		{"--otlp=127.0.0.1:4318", `--otlp "127.0.0.1:4318": is not a base URL`},
		{"--tune=faster", `--tune: "faster" is not a step; write none, all, or some of keep-alive,pools`},
		{"--fault=fire", `--fault: "fire" is not a fault; write some of goroutine-leak,gc-pressure`},
		{"--log-level=loud", `--log-level "loud": is not a level`},
		{"--log-format=xml", `--log-format "xml": is not a format`},
		{"stray", `"stray": takes flags only`},
	} {
		var out, log bytes.Buffer
		assert.Equal(t, 2, Main(t.Context(), []string{c.arg}, &out, &log), c.arg)
		assert.Contains(t, log.String(), c.want)
		assert.Contains(t, log.String(), "Flags:")
		assert.Empty(t, out.String(), "standard output is the parent's")
	}
}

func TestAllBadFlagsAreToldAtOnce(t *testing.T) {
	var log bytes.Buffer
	Main(t.Context(), []string{"--cache=0", "--log-level=loud"}, io.Discard, &log)
	assert.Contains(t, log.String(), "--cache 0")
	assert.Contains(t, log.String(), "--log-level")
}

func TestAPortInUseIsOneErrorThatNamesFlagAndAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, flag := range []string{"http", "grpc"} {
		var out, log bytes.Buffer
		arg := "--" + flag + "=" + taken.Addr().String()
		assert.Equal(t, 1, Main(t.Context(), append(append([]string{}, free...), arg), &out, &log))
		assert.Equal(t, "target: --"+flag+" "+taken.Addr().String()+": the address is in use; "+
			"stop what listens there, or write --"+flag+" 127.0.0.1:0 for a free port\n", log.String())
		assert.Empty(t, out.String())
	}
}

func TestAParentThatClosedItsPipeIsToldAndNothingGoesOn(t *testing.T) {
	var log journal
	out, in := io.Pipe()
	out.Close()
	assert.Equal(t, 1, Main(t.Context(), free, in, &log))
	assert.Contains(t, log.String(), "print the addresses")
}

func TestAStopUnderLoadAnswersWhatItTookOn(t *testing.T) {
	r := launch(t, "--store-latency=5ms", "--cache=1")
	var answered, refused, cut atomic.Int64
	loadCtx, endLoad := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	enough := make(chan struct{})
	for range 8 {
		clients.Go(func() {
			for loadCtx.Err() == nil {
				switch attempt(loadCtx, r) {
				case whole:
					if answered.Add(1) == 100 {
						close(enough)
					}
				case notTaken:
					refused.Add(1)
				case halfway:
					cut.Add(1)
				}
			}
		})
	}
	<-enough
	assert.Zero(t, r.stop(t))
	endLoad()
	clients.Wait()
	assert.GreaterOrEqual(t, answered.Load(), int64(100))
	assert.Zero(t, cut.Load(), "answers begun and not finished")
}

type outcome int

const (
	notTaken outcome = iota // the connection ended before an answer began
	whole
	halfway
)

func attempt(ctx context.Context, r *running) outcome {
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.HTTP+"/auth/validate", nil)
	request.Header.Set("Authorization", "Bearer demo-0001")
	response, err := r.client.Do(request)
	if err != nil {
		return notTaken
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil && ctx.Err() == nil {
		return halfway
	}
	return whole
}

func TestARequestThatNeverEndsDoesNotHoldUpTheStop(t *testing.T) {
	r := launch(t)
	request, err := http.NewRequest(http.MethodGet, "http://"+r.HTTP+"/debug/pprof/trace?seconds=60", nil)
	require.NoError(t, err)
	response, err := r.client.Do(request) // answers with its header at once
	require.NoError(t, err)
	defer response.Body.Close()
	begin := time.Now()
	assert.Zero(t, r.stop(t))
	assert.Greater(t, time.Since(begin), time.Second, "it was given time, and then cut off")
}

func TestADeadCollectorNeitherSlowsNorStopsTheService(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	r := launch(t, "--otlp=http://"+nobody.Addr().String())
	status, body := r.validate(t, "demo-0001")
	assert.Equal(t, 200, status, body)
	assert.Zero(t, r.stop(t))
	assert.Contains(t, r.log.String(), "telemetry is not getting out")
	assert.Contains(t, r.log.String(), "some telemetry was lost")
	assert.NotContains(t, r.log.String(), "deadline exceeded", "it was lost at once, not after a grace")
}

func TestACollectorThatNeverAnswersIsNotWaitedFor(t *testing.T) {
	asked := make(chan struct{}, 100)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else its end would go unnoticed
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	defer silent.Close()
	r := launch(t, "--otlp="+silent.URL)
	for range 20 {
		status, _ := r.validate(t, "demo-0001")
		assert.Equal(t, 200, status)
	}
	<-asked
	assert.Zero(t, r.stop(t))
	assert.Contains(t, r.log.String(), "some telemetry was lost")
}

func TestACollectorThatIsBusyIsNotWaitedFor(t *testing.T) {
	asked := make(chan struct{}, 100)
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
		asked <- struct{}{}
	}))
	defer busy.Close()
	r := launch(t, "--otlp="+busy.URL)
	status, _ := r.validate(t, "demo-0001")
	assert.Equal(t, 200, status)
	<-asked
	assert.Zero(t, r.stop(t))
}

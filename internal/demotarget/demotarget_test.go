package demotarget

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// asProgram makes the test binary the program itself, for the tests that need
// processes; see parent_test.go.
const asProgram = "DEMOTARGET_TEST_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "target":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		code := Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	case "parent":
		beParent()
	default:
		goleak.VerifyTestMain(m)
	}
}

// free makes the listeners take free ports and the store do nothing unusual;
// later flags override it.
var free = []string{
	"--http=127.0.0.1:0", "--grpc=127.0.0.1:0", "--otlp=",
	"--store-latency=0s", "--store-tail=0", "--error-share=0",
}

// running is a Main under way.
type running struct {
	Addresses
	client *http.Client
	log    *journal
	cancel context.CancelFunc
	code   chan int
}

// launch runs Main with free and args until its addresses are known. The test's
// end stops it.
func launch(t *testing.T, args ...string) *running {
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	r := &running{
		client: &http.Client{Transport: &http.Transport{}},
		log:    new(journal), cancel: cancel, code: make(chan int, 1),
	}
	go func() {
		r.code <- Main(ctx, append(append([]string{}, free...), args...), in, r.log)
		in.Close()
	}()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		cancel()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err, "%s", r.log)
	require.NoError(t, json.Unmarshal(line, &r.Addresses))
	t.Cleanup(func() { r.stop(t) })
	return r
}

// stopped is in what time the program stops: the graces of its parts, which are less than
// three seconds together, and much more for a busy machine, but less than a stop that
// waits for one export, which has ten seconds.
const stopped = requestGrace + storeGrace + flushGrace + 6*time.Second

// stop stops the program, checks that it takes no longer than it may, and returns its
// exit code. It may be called again.
func (r *running) stop(t *testing.T) int {
	r.cancel()
	select {
	case code := <-r.code:
		r.code <- code
		return code
	case <-time.After(stopped):
		t.Fatalf("not stopped after %v\n%s", stopped, r.log)
		return -1
	}
}

// validate asks about a token and returns the status and body of the answer.
func (r *running) validate(t *testing.T, raw string) (int, string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+r.HTTP+"/auth/validate", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+raw)
	return r.do(t, request)
}

func (r *running) do(t *testing.T, request *http.Request) (int, string) {
	response, err := r.client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, strings.TrimSpace(string(body))
}

// journal is a buffer that many may write to and read.
type journal struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

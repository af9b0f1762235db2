package logsource

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/logline"
)

var (
	start = time.Unix(1_700_000_000, 0)
	end   = start.Add(time.Minute)
)

// oneLine is an answer with one line of idA at start.
var oneLine = answer(fmt.Sprintf(`{"stream":{"service_name":"auth"},"values":[["%d","hello",{"structuredMetadata":{"trace_id":"%s"}}]]}`,
	start.UnixNano(), idA))

func serve(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// patience bounds every wait; only a failing test waits that long.
const patience = time.Minute

// eager repeats requests soon.
func eager(c *Config) {
	c.HTTP.Timeout = patience
	c.Retry.InitialInterval, c.Retry.MaxInterval, c.Retry.MaxElapsedTime = time.Millisecond, 2*time.Millisecond, patience
}

// once repeats none.
func once(c *Config) { c.HTTP.Timeout, c.Retry.Enabled = patience, false }

// atFirst is a server that has trouble once, and then answers with a line.
func atFirst(trouble http.HandlerFunc) http.HandlerFunc {
	var asked atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			trouble(w, r)
			return
		}
		fmt.Fprint(w, oneLine)
	}
}

func TestAWindowIsAskedForAsLokiWantsIt(t *testing.T) {
	var form url.Values
	var head http.Header
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "POST /prefix/loki/api/v1/query_range", r.Method+" "+r.URL.Path)
		assert.NoError(t, r.ParseForm())
		form, head = r.PostForm, r.Header
		fmt.Fprintln(w, oneLine)
	})
	l := open(t, base+"/prefix/", func(c *Config) {
		c.Tenant = "team-a"
		c.HTTP.Headers = configopaque.MapList{{Name: "Authorization", Value: "Bearer s3cret"}}
	})
	var got collect
	require.NoError(t, l.Window(t.Context(), start, end, got.add))
	require.Len(t, got, 1)
	assert.Equal(t, "hello", got[0].Body)
	assert.Equal(t, url.Values{
		"query": {`{service_name=~".+"} | trace_id!=""`}, "limit": {"5000"}, "direction": {"forward"},
		"start": {"1700000000000000000"}, "end": {"1700000060000000000"},
	}, form)
	assert.Equal(t, "categorize-labels", head.Get("X-Loki-Response-Encoding-Flags"))
	assert.Equal(t, "team-a", head.Get("X-Scope-OrgID"))
	assert.Equal(t, "Bearer s3cret", head.Get("Authorization"))
	assert.Equal(t, uint64(1), l.Counts().Lines)
}

func TestALookupAsksInBatchesForEachIdOnce(t *testing.T) {
	var queries []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.PostFormValue("query"))
		fmt.Fprintln(w, answer(""))
	})
	l := open(t, base, func(c *Config) { c.LookupIDs = 2 })
	ids := []pcommon.TraceID{{3}, {1}, {2}, {1}, {}}
	require.NoError(t, l.Lookup(t.Context(), ids, start, end, nil))
	require.Len(t, queries, 2)
	assert.Contains(t, queries[0], pcommon.TraceID{1}.String()+"|"+pcommon.TraceID{2}.String()+`"`)
	assert.Contains(t, queries[1], `~"`+pcommon.TraceID{3}.String()+`"`)
	assert.Equal(t, []pcommon.TraceID{{3}, {1}, {2}, {1}, {}}, ids, "the caller's ids are the caller's")

	queries = nil
	require.NoError(t, l.Lookup(t.Context(), nil, start, end, nil))
	require.NoError(t, l.Window(t.Context(), end, start, nil))
	assert.Empty(t, queries, "nothing to ask for is not asked for")
}

func TestTheClientTrustsWhomItIsTold(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, oneLine) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of clients that do not trust it
	s.StartTLS()
	t.Cleanup(s.Close)
	var got collect
	l := open(t, s.URL, func(c *Config) {
		once(c)
		c.HTTP.TLS.CAPem = configopaque.String(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	})
	require.NoError(t, l.Window(t.Context(), start, end, got.add))
	assert.Len(t, got, 1)
	l = open(t, s.URL, once)
	err := l.Window(t.Context(), start, end, got.add)
	assert.Equal(t, Unreachable, KindOf(err))
	assert.ErrorContains(t, err, "certificate")
}

func TestEachTroubleHasItsKind(t *testing.T) {
	status := func(code int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
	}
	for name, c := range map[string]struct {
		h       http.HandlerFunc
		kind    Kind
		says    string
		repeats bool
	}{
		"throttled":     {status(429, "too many outstanding requests"), Throttled, "too many outstanding requests", true},
		"failing":       {status(500, "querier\nis gone"), Failed, "querier is gone", true},
		"bad gateway":   {status(502, ""), Failed, "no reason given", true},
		"no tenant":     {status(401, "no org id"), Denied, "no org id", false},
		"forbidden":     {status(403, ""), Denied, "403", false},
		"parse error":   {status(400, "parse error at line 1"), Refused, "parse error at line 1", false},
		"no such path":  {status(404, "404 page not found"), Refused, "404", false},
		"a web page":    {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello</html>") }, InvalidResponse, "text/html", false},
		"other JSON":    {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"ok":true}`) }, InvalidResponse, "http.endpoint", false},
		"an early end":  {cutOff, Unreachable, "unexpected EOF", true},
		"hanging up":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Unreachable, "EOF", true},
		"a long answer": {func(w http.ResponseWriter, _ *http.Request) { flood(w) }, TooLarge, "max_response_bytes", false},
		"grpc limit": {status(500, "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)"),
			TooLarge, "larger than max", false},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, serve(t, c.h), func(c *Config) { once(c); c.PageLines, c.MaxResponseBytes = leastPage, 1<<20 })
			err := l.Window(t.Context(), start, end, func(logline.Line) { t.Error("a line") })
			require.Error(t, err)
			assert.Equal(t, c.kind, KindOf(err), "%v", err)
			assert.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "\n")

			l = open(t, serve(t, atFirst(c.h)), func(c *Config) { eager(c); c.PageLines, c.MaxResponseBytes = leastPage, 1<<20 })
			var got collect
			if err := l.Window(t.Context(), start, end, got.add); c.repeats {
				assert.NoError(t, err)
				assert.Len(t, got, 1)
				assert.EqualValues(t, 1, l.Counts().Retries)
			} else {
				assert.Equal(t, c.kind, KindOf(err), "%v", err)
				assert.Zero(t, l.Counts().Retries)
			}
		})
	}
}

// cutOff promises more than it sends.
func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, oneLine[:len(oneLine)/2])
}

// flood goes on for ever, or until nobody reads.
func flood(w http.ResponseWriter) {
	fmt.Fprint(w, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{"x":"`)
	for chunk := strings.Repeat("x", 64<<10); ; {
		if _, err := fmt.Fprint(w, chunk); err != nil {
			return
		}
	}
}

func TestALokiThatIsDownIsUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	base := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	l := open(t, base, once)
	err = l.Window(t.Context(), start, end, nil)
	assert.Equal(t, Unreachable, KindOf(err))
	assert.ErrorContains(t, err, "connection refused")

	l = open(t, base, eager)
	down, asked := l.client.http.Transport, 0
	l.client.http.Transport = transport(func(r *http.Request) (*http.Response, error) {
		if asked++; asked > 2 {
			return reply(200, nil, oneLine), nil
		}
		return down.RoundTrip(r)
	})
	var got collect
	require.NoError(t, l.Window(t.Context(), start, end, got.add))
	assert.EqualValues(t, 2, l.Counts().Retries, "until it is up again")
}

// A server that goes on sending, ever so slowly, must not hold the join up.
func TestASlowAnswerIsGivenUp(t *testing.T) {
	for name, first := range map[string]string{"silence": "", "dripping": oneLine[:20]} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{})
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if first != "" {
					fmt.Fprint(w, first)
					w.(http.Flusher).Flush()
				}
				select {
				case <-over:
				case <-r.Context().Done():
				}
			})
			t.Cleanup(func() { close(over) })
			l := open(t, base, func(c *Config) { c.HTTP.Timeout, c.Retry.Enabled = 30*time.Millisecond, false })
			err := l.Window(t.Context(), start, end, func(logline.Line) { t.Error("a line") })
			assert.Equal(t, Timeout, KindOf(err), "%v", err)
			assert.ErrorContains(t, err, "http.timeout")
		})
	}
}

func TestTheCallersEndIsNoTroubleOfLokis(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	base := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm()) // the server sees a client go only once its body is read
		cancel()
		<-r.Context().Done()
	})
	l := open(t, base, nil)
	err := l.Window(ctx, start, end, nil)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, KindOf(err))
}

// Once, half a page had been handed on before its connection broke, and came
// again with the repeated one.
func TestAPageThatBrokeOffDoublesNothing(t *testing.T) {
	base := serve(t, atFirst(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		fmt.Fprint(w, strings.TrimSuffix(oneLine, "}"))
	}))
	l := open(t, base, eager)
	var got collect
	require.NoError(t, l.Window(t.Context(), start, end, got.add))
	assert.Len(t, got, 1)
	assert.Equal(t, uint64(1), l.Counts().Retries)
}

func TestALokiThatAllowsSmallerPagesIsAskedForThem(t *testing.T) {
	var limits []string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		limits = append(limits, r.PostFormValue("limit"))
		if r.PostFormValue("limit") != "1000" {
			http.Error(w, "max entries limit per query exceeded, limit > max_entries_limit_per_query (5000 > 1000)", 400)
			return
		}
		fmt.Fprint(w, oneLine)
	})
	l := open(t, base, nil)
	for range 2 {
		var got collect
		require.NoError(t, l.Window(t.Context(), start, end, got.add))
		assert.Len(t, got, 1)
	}
	assert.Equal(t, []string{"5000", "1000", "1000"}, limits, "it is remembered")
}

// The tenant and the credentials once went along to wherever a redirect led.
func TestARedirectIsFollowedToItsOwnOriginOnly(t *testing.T) {
	var came atomic.Int32
	other := serve(t, func(w http.ResponseWriter, _ *http.Request) { came.Add(1); io.WriteString(w, oneLine) })
	l := open(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other, http.StatusTemporaryRedirect)
	}), once)
	err := l.Window(t.Context(), start, end, func(logline.Line) {})
	assert.ErrorContains(t, err, "loki's address redirects to another origin (http.endpoint), status 307")
	assert.Zero(t, came.Load())

	lines := 0
	l = open(t, serve(t, atFirst(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})), once)
	require.NoError(t, l.Window(t.Context(), start, end, func(logline.Line) { lines++ }))
	assert.Equal(t, 1, lines)
}

package demotarget

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/loadtrace/loadtrace/internal/demotarget/tune"
)

const mayRead = `{"action":"read","resource":"orders/17"}`

// authorize asks whether the holder of a token may do what body says.
func (r *running) authorize(t *testing.T, raw, body string) (int, string) {
	request, err := http.NewRequest(http.MethodPost, "http://"+r.HTTP+"/auth/authorize", strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+raw)
	return r.do(t, request)
}

// A step changes how a request is answered, not what the answer is.
func TestEveryTuningGivesTheSameAnswers(t *testing.T) {
	tunings := []string{"none", "all"}
	for _, d := range tune.Steps() {
		tunings = append(tunings, d.Name)
	}
	want := map[string]string{}
	for _, steps := range tunings {
		r := launch(t, "--tune="+steps, "--log-level=warn")
		for _, c := range []struct {
			raw, body string
			status    int
			has       string
		}{
			{"demo-0002", mayRead, 200, `allow`},
			{"demo-0002", `{"action":"write","resource":"orders/17"}`, 200, `deny`},
			{"demo-0101", `{"action":"delete","resource":"users/7"}`, 200, `allow`},
			{"demo-0002", `{"action":"read","resource":"` + strings.Repeat("x", 65<<10) + `"}`, 413, "body_too_long"},
			{"demo-0002", `{"action":`, 400, "bad_request"},
			{"demo-0020", mayRead, 401, "expired_token"},
			{"nonsense", mayRead, 401, "unknown_token"},
			{"", mayRead, 401, "missing_token"},
		} {
			status, body := r.authorize(t, c.raw, c.body)
			assert.Equal(t, c.status, status, "%s: %s", steps, body)
			assert.Contains(t, body, c.has, steps)
			if c.status == 400 {
				continue // words of the JSON package
			}
			key := c.raw + c.body
			if want[key] == "" {
				want[key] = body
			}
			assert.JSONEq(t, want[key], body, steps)
		}
		require.Zero(t, r.stop(t), "%s\n%s", steps, r.log)
		assert.NotContains(t, r.log.String(), "demo-0002", "%s: a token is never logged", steps)
	}
}

func TestTheServiceIsTunedUnlessToldOtherwise(t *testing.T) {
	o, _, err := parse(nil)
	require.NoError(t, err)
	assert.Equal(t, tune.All, o.tune)
}

// The journal of the mistake is written whatever the level.
func TestOnlyTheMistakeWritesItsDebugLines(t *testing.T) {
	for steps, written := range map[string]bool{"none": true, "logging": false} {
		r := launch(t, "--tune="+steps, "--log-level=warn")
		status, _ := r.authorize(t, "demo-0002", mayRead)
		require.Equal(t, 200, status)
		require.Zero(t, r.stop(t))
		assert.Equal(t, written, strings.Contains(r.log.String(), "DEBUG: grants: [\n"), steps)
	}
}

func TestTheMendedJournalHasItsLevel(t *testing.T) {
	r := launch(t, "--log-level=debug")
	status, _ := r.authorize(t, "demo-0002", mayRead)
	require.Equal(t, 200, status)
	require.Zero(t, r.stop(t))
	assert.Contains(t, r.log.String(), "level=DEBUG msg=answer value.decision=allow value.subject=user-0002")
	assert.Contains(t, r.log.String(), "trace_id=")
}

// A client that pauses for longer than the read timeout loses its connection to
// the mistake.
func TestReadTimeoutAloneCutsIdleConnections(t *testing.T) {
	for steps, cut := range map[string]bool{"none": true, "keep-alive": false} {
		t.Run(steps, func(t *testing.T) {
			t.Parallel()
			r := launch(t, "--tune="+steps)
			conn, err := net.Dial("tcp", r.HTTP)
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: demo\r\n\r\n")
			require.NoError(t, err)
			reader := bufio.NewReader(conn)
			response, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, response.Body)
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(2500*time.Millisecond)))
			_, err = reader.ReadByte()
			if cut {
				require.ErrorIs(t, err, io.EOF)
			} else {
				require.True(t, errors.Is(err, os.ErrDeadlineExceeded), "%v", err)
			}
		})
	}
}

func TestHTTP2SettingsAreThoseOfTheStep(t *testing.T) {
	for steps, want := range map[string]struct{ streams, window uint32 }{
		"none":  {10, 64<<10 - 1},
		"http2": {1000, 1 << 20},
	} {
		r := launch(t, "--tune="+steps)
		for _, addr := range []string{r.HTTP, r.GRPC} {
			settings := settingsOf(t, addr)
			assert.Equal(t, want.streams, settings[http2.SettingMaxConcurrentStreams], steps)
			window, told := settings[http2.SettingInitialWindowSize]
			if !told {
				window = 64<<10 - 1 // the protocol's
			}
			assert.Equal(t, want.window, window, steps)
		}
	}
}

// settingsOf are the HTTP/2 settings with which a server greets.
func settingsOf(t *testing.T, addr string) map[http2.SettingID]uint32 {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, http2.ClientPreface)
	require.NoError(t, err)
	framer := http2.NewFramer(conn, conn)
	require.NoError(t, framer.WriteSettings())
	for {
		f, err := framer.ReadFrame()
		require.NoError(t, err)
		greeting, ok := f.(*http2.SettingsFrame)
		if !ok || greeting.IsAck() {
			continue
		}
		settings := map[http2.SettingID]uint32{}
		require.NoError(t, greeting.ForeachSetting(func(s http2.Setting) error {
			settings[s.ID] = s.Val
			return nil
		}))
		return settings
	}
}

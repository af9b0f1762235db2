package demotarget

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTokensAreAcceptedOrRefusedOverHTTP(t *testing.T) {
	r := launch(t)
	for _, c := range []struct {
		raw    string
		status int
		body   string
	}{
		{"demo-0002", 200, `{"subject":"user-0002","scopes":["orders:read"],"expires_at":"2099-01-01T00:00:00Z"}`},
		{"demo-0020", 401, `{"error":"expired_token","message":"token has expired"}`},
		{"demo-5001", 401, `{"error":"unknown_token","message":"token is unknown"}`},
		{"", 401, `{"error":"missing_token","message":"no token was given"}`},
	} {
		status, body := r.validate(t, c.raw)
		assert.Equal(t, c.status, status, c.raw)
		assert.JSONEq(t, c.body, body, c.raw)
	}
}

func TestATokenMayComeInAJSONBody(t *testing.T) {
	r := launch(t)
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"token":"demo-0002"}`, 200, "user-0002"},
		{`{}`, 401, "missing_token"},
		{``, 401, "missing_token"},
		{`{"token":`, 400, "bad_request"},
		{`{"token":"` + strings.Repeat("x", 65<<10) + `"}`, 413, "body_too_long"},
	} {
		request, err := http.NewRequest(http.MethodPost, "http://"+r.HTTP+"/auth/validate", strings.NewReader(c.body))
		require.NoError(t, err)
		status, body := r.do(t, request)
		assert.Equal(t, c.status, status, body)
		assert.Contains(t, body, c.want)
	}
}

func TestARefusalSaysHowToAuthenticate(t *testing.T) {
	r := launch(t)
	response, err := r.client.Get("http://" + r.HTTP + "/auth/validate")
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, `Bearer realm="auth"`, response.Header.Get("WWW-Authenticate"))
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
}

func TestAFailingStoreIsServiceUnavailable(t *testing.T) {
	r := launch(t, "--error-share=1")
	status, body := r.validate(t, "demo-0001")
	assert.Equal(t, 503, status)
	assert.Contains(t, body, `"error":"store_unavailable"`)
}

func TestOneSeedFailsTheSameRequestsInEveryRun(t *testing.T) {
	statuses := func(seed string) (list []int) {
		r := launch(t, "--error-share=0.3", "--cache=1", "--seed="+seed)
		for range 20 {
			status, _ := r.validate(t, "no-such-token") // always asks the store
			list = append(list, status)
		}
		return list
	}
	first := statuses("1")
	assert.Contains(t, first, 503)
	assert.Contains(t, first, 401)
	assert.Equal(t, first, statuses("1"))
	assert.NotEqual(t, first, statuses("2"))
}

func TestThePlainPortSpeaksHTTP2(t *testing.T) {
	r := launch(t)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, "http://"+r.HTTP+"/auth/validate", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer demo-0001")
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	defer response.Body.Close()
	assert.Equal(t, "HTTP/2.0", response.Proto)
	assert.Equal(t, 200, response.StatusCode)
	assert.Zero(t, r.stop(t), "with the connection still open")
}

func TestOperatorsFindHealthVariablesAndProfiles(t *testing.T) {
	r := launch(t)
	for path, want := range map[string]string{
		"/healthz":                  `{"status":"ok"}`,
		"/debug/vars":               `"PauseNs"`,
		"/debug/pprof/":             "goroutine",
		"/debug/pprof/heap?debug=1": "# NumGC",
		"/debug/pprof/cmdline":      "",
	} {
		request, err := http.NewRequest(http.MethodGet, "http://"+r.HTTP+path, nil)
		require.NoError(t, err)
		status, body := r.do(t, request)
		assert.Equal(t, 200, status, path)
		assert.Contains(t, body, want, path)
	}
}

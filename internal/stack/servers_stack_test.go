//go:build stack

package stack

import (
	"context"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What each server answers only when it is the real one.
var answers = map[string]struct{ port, path, text string }{
	"prometheus": {"http", "/api/v1/status/buildinfo", `"version"`},
	"loki":       {"http", "/loki/api/v1/status/buildinfo", `"version"`},
	"jaeger":     {"http", "/api/services", `"data"`},
}

func TestEachServerStartsIsReadyAndStops(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			i, err := Start(t.Context(), s, Options{Data: t.TempDir(), Progress: os.Stderr})
			require.NoError(t, err)
			want := answers[s.Name]
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			response, err := client.Get(i.URL(want.port) + want.path)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Contains(t, string(body), want.text)

			began := time.Now()
			require.NoError(t, i.Stop(context.Background()))
			t.Logf("stopped after %s", time.Since(began).Round(time.Millisecond))
			_, err = client.Get(i.URL(want.port) + want.path)
			assert.Error(t, err, "it still answers")
			assert.ErrorContains(t, i.Stop(context.Background()), "ended by itself")
		})
	}
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	s := Loki()
	args := s.Args
	s.Args = func(config string, at Addresses) []string { return append(args(config, at), "-no-such-flag") }
	_, err := Start(t.Context(), s, Options{Data: t.TempDir(), Progress: os.Stderr})
	assert.ErrorContains(t, err, "loki ended by itself")
	assert.ErrorContains(t, err, "no-such-flag")
}

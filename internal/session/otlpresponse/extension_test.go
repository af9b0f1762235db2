package otlpresponse

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyAnswersOfOTLPAreTaken(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		kind, body string
		refused    string
	}{
		"protobuf":             {200, "application/x-protobuf", "\x0a\x00", ""},
		"no body":              {200, "", "", ""},
		"204, as of Loki":      {204, "", "", ""},
		"JSON":                 {200, "application/json; charset=utf-8", "{}", ""},
		"JSON, some rejected":  {200, "application/json", `{"partialSuccess": {"rejectedSpans": "3"}}`, ""},
		"other JSON":           {200, "application/json", `{"ok": true}`, "it answered 200 with application/json, which is not an OTLP response"},
		"JSON that is none":    {200, "application/json", `ok`, "it answered 200 with application/json, which is not an OTLP response"},
		"null":                 {200, "application/json", `null`, "it answered 200 with application/json, which is not an OTLP response"},
		"a page":               {201, "text/html; charset=utf-8", "<html>", "it answered 201 with text/html, which is not an OTLP response"},
		"an error has its own": {500, "text/html", "<html>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.kind != "" {
					w.Header().Set("Content-Type", c.kind)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer server.Close()
			made, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(Type), nil)
			require.NoError(t, err)
			require.NoError(t, made.Start(t.Context(), componenttest.NewNopHost()))
			wrap, err := made.(extensionmiddleware.HTTPClient).GetHTTPRoundTripper(t.Context())
			require.NoError(t, err)
			base := &http.Transport{}
			defer base.CloseIdleConnections()
			client := http.Client{}
			client.Transport, err = wrap(t.Context(), base)
			require.NoError(t, err)
			resp, err := client.Post(server.URL, "application/x-protobuf", nil)
			if c.refused != "" {
				require.ErrorContains(t, err, c.refused)
				assert.True(t, consumererror.IsPermanent(err), "it is of no use to try again")
				return
			}
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, c.body, string(body), "the exporter reads it")
		})
	}
}

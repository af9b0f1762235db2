package sameorigin

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARedirectToAnotherOriginIsNotSent(t *testing.T) {
	came := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came++ }))
	defer other.Close()
	mux := http.NewServeMux()
	mux.Handle("/away", http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	mux.Handle("/stay", http.RedirectHandler("/there", http.StatusTemporaryRedirect))
	mux.HandleFunc("/there", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	first := httptest.NewServer(mux)
	defer first.Close()

	wrap, err := (&middleware{}).GetHTTPRoundTripper(t.Context())
	require.NoError(t, err)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	wrapped, err := wrap(t.Context(), transport)
	require.NoError(t, err)
	client := &http.Client{Transport: wrapped}

	_, err = client.Post(first.URL+"/away", "text/plain", nil)
	assert.ErrorContains(t, err, "it redirects to another origin, "+other.URL+"; if that is the endpoint, write it")
	assert.Zero(t, came)
	response, err := client.Post(first.URL+"/stay", "text/plain", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusAccepted, response.StatusCode)
}

package httpengine

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Another port of the target's host once got the credentials of the plan.
func TestARedirectToAnotherOriginHasNoCredentials(t *testing.T) {
	var came http.Header
	other := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came = r.Header.Clone() }))
	mux := http.NewServeMux()
	mux.Handle("/away", http.RedirectHandler(other.URL, http.StatusFound))
	mux.Handle("/stay", http.RedirectHandler("/there", http.StatusFound))
	mux.HandleFunc("/there", func(_ http.ResponseWriter, r *http.Request) { came = r.Header.Clone() })
	target := serve(t, mux)
	for path, kept := range map[string]bool{"/away": false, "/stay": true} {
		a := attackOn(target.URL + path)
		a.HTTP.Redirects = 1
		a.HTTP.Headers = map[string]string{"Authorization": "Bearer x", "Cookie": "a=b", "X-Other": "c"}
		require.Equal(t, 200, sendRequests(t, a, 1)[0].Status)
		assert.Equal(t, kept, came.Get("Authorization") == "Bearer x", path)
		assert.Equal(t, kept, came.Get("Cookie") == "a=b", path)
		assert.Equal(t, "c", came.Get("X-Other"), path)
	}
}

func TestCredentialsStayWithTheirOrigin(t *testing.T) {
	for to, kept := range map[string]bool{
		"http://a.test/": true, "http://A.test:80/x": true, "https://a.test/": true, "https://a.test:443/": true,
		"https://a.test:8443/": false, "http://a.test:8080/": false, "http://b.a.test/": false, "https://b.test/": false,
	} {
		first, err := url.Parse("http://a.test/")
		require.NoError(t, err)
		next, err := http.NewRequest(http.MethodGet, to, nil)
		require.NoError(t, err)
		next.Header.Set("Authorization", "x")
		withhold(next, first)
		assert.Equal(t, kept, next.Header.Get("Authorization") != "", to)
	}
	first := &url.URL{Scheme: "https", Host: "a.test"}
	next, err := http.NewRequest(http.MethodGet, "http://a.test/", nil)
	require.NoError(t, err)
	next.Header.Set("Cookie", "x")
	withhold(next, first)
	assert.Empty(t, next.Header, "without TLS")
}

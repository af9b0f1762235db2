package runtimeexporter

import (
	"crypto/tls"
	"crypto/x509"
	"expvar"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
)

// fileIn puts a file into a folder and returns its name.
func fileIn(t *testing.T, dir, file, text string) string {
	t.Helper()
	name := filepath.Join(dir, file)
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// secured is a client that trusts the CA of a folder, and shows its client's
// certificate if it is to.
func secured(t *testing.T, dir string, shows bool) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	require.NoError(t, err)
	c := &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "target.test"}
	require.True(t, c.RootCAs.AppendCertsFromPEM(pem))
	if shows {
		cert, err := tls.LoadX509KeyPair(filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key"))
		require.NoError(t, err)
		c.Certificates = []tls.Certificate{cert}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
}

func TestTheListenerSpeaksTLSAndChecksItsClientsCertificates(t *testing.T) {
	dir := t.TempDir()
	loadgentest.NewPKI(t, dir)
	config := fileIn(t, dir, "web.yaml", `tls_server_config:
  cert_file: server.pem
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
`)
	run(t, []string{"--service=a", "--target=127.0.0.1:1", "--web-config", config}, func(address string) {
		response, err := secured(t, dir, true).Get("https://" + address + "/metrics")
		require.NoError(t, err)
		page, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode)
		assert.Contains(t, string(page), "target_up{")

		_, err = secured(t, dir, false).Get("https://" + address + "/metrics")
		assert.ErrorContains(t, err, "certificate required")

		other := t.TempDir()
		loadgentest.NewPKI(t, other)
		_, err = secured(t, other, true).Get("https://" + address + "/metrics")
		assert.ErrorContains(t, err, "certificate", "the exporter's own is of another authority")

		response, err = http.Get("http://" + address + "/metrics")
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	})
}

func TestUsersOfTheWebConfigAreAskedForTheirPasswords(t *testing.T) {
	// bcrypt of "secret" with the least cost.
	config := fileIn(t, t.TempDir(), "web.yaml", "basic_auth_users: {prometheus: $2a$04$vXW8GGl/RG01N.lJhOL2Oe2PG7QIIvbvLa2TgQHFnIwFSrdOePeyW}\n")
	run(t, []string{"--service=a", "--target=127.0.0.1:1", "--web-config", config}, func(address string) {
		for _, c := range []struct {
			user, password string
			want           int
		}{
			{"", "", http.StatusUnauthorized},
			{"prometheus", "wrong", http.StatusUnauthorized},
			{"nobody", "secret", http.StatusUnauthorized},
			{"prometheus", "secret", http.StatusOK},
		} {
			request, err := http.NewRequest(http.MethodGet, "http://"+address+"/metrics", nil)
			require.NoError(t, err)
			if c.user != "" {
				request.SetBasicAuth(c.user, c.password)
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, c.want, response.StatusCode, c)
		}
	})
}

func TestATargetMayAskForTheExportersCertificate(t *testing.T) {
	dir := t.TempDir()
	pki := loadgentest.NewPKI(t, dir)
	server := httptest.NewUnstartedServer(expvar.Handler())
	server.TLS = pki.ServerConfig()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	in := func(file string) string { return filepath.Join(dir, file) }
	trusting := []string{"--service=a", "--target", server.URL, "--target-ca", in("ca.pem"), "--target-server-name=target.test"}
	for _, c := range []struct {
		more []string
		want string
	}{
		{[]string{"--target-cert", in("client.pem"), "--target-key", in("client.key")}, `(?m)^target_up\{.*\} 1$`},
		// The alert says tls; the reset that comes behind it may overtake it.
		{nil, `target_fault\{reason="(tls|network)",.*source="expvar"\} 1`},
	} {
		run(t, append(trusting, c.more...), func(address string) {
			assert.Regexp(t, c.want, get(t, "http://"+address+"/metrics"))
		})
	}
	// In the file, paths are from where it is.
	file := fileIn(t, dir, "targets.yaml", fmt.Sprintf(`targets:
- service: a
  target: %q
  http: {tls_config: {ca_file: ca.pem, cert_file: client.pem, key_file: client.key, server_name: target.test}}
`, server.URL))
	run(t, []string{"--config", file}, func(address string) {
		assert.Regexp(t, `(?m)^target_up\{.*\} 1$`, get(t, "http://"+address+"/metrics"))
	})
}

// Secrets change while the exporter runs, as Kubernetes changes mounted ones.
func TestSecretsForTargetsAreReadFromFilesAtEachScrape(t *testing.T) {
	want := "Bearer one"
	url := serveMux(t, map[string]http.HandlerFunc{"/debug/vars": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != want {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		expvar.Handler().ServeHTTP(w, r)
	}})
	dir := t.TempDir()
	token := fileIn(t, dir, "token", "one\n")
	run(t, []string{"--service=a", "--target", url, "--target-bearer", token}, func(address string) {
		assert.Regexp(t, `(?m)^target_up\{.*\} 1$`, get(t, "http://"+address+"/metrics"))
		want = "Bearer two"
		assert.Regexp(t, `target_fault\{reason="unauthorized",.*\} 1`, get(t, "http://"+address+"/metrics"))
		fileIn(t, dir, "token", "two\n")
		assert.Regexp(t, `(?m)^target_up\{.*\} 1$`, get(t, "http://"+address+"/metrics"))
	})
	want = "Basic YTpi"
	run(t, []string{"--service=a", "--target", url, "--target-username=a", "--target-password", fileIn(t, dir, "password", "b\n")}, func(address string) {
		assert.Regexp(t, `(?m)^target_up\{.*\} 1$`, get(t, "http://"+address+"/metrics"))
	})
}

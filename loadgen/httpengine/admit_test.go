package httpengine

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/allow"
	"github.com/loadtrace/loadtrace/loadgen/internal/enginekit"
	"github.com/loadtrace/loadtrace/loadgen/loadgentest"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
)

func gateOf(t *testing.T, patterns ...string) allow.Gate {
	l, err := allow.Parse("allowed_targets", patterns)
	require.NoError(t, err)
	return allow.New(l)
}

func TestATargetThatIsNotAllowedIsRefusedBeforeTheRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "targets.http")
	require.NoError(t, os.WriteFile(file, []byte("GET http://127.0.0.1:1/\n\nGET http://192.0.2.1/\n"), 0o600))
	for _, c := range []struct {
		spec loadgen.HTTP
		key  string
		what string
	}{
		{loadgen.HTTP{Method: "GET", URL: "http://192.0.2.1/"}, "http.url", "192.0.2.1:80 is not in allowed_targets"},
		{loadgen.HTTP{Method: "GET", URL: "https://[::1]/"}, "http.url", "[::1]:443 is not in allowed_targets"},
		{loadgen.HTTP{Targets: &loadgen.Targets{File: file, Format: loadgen.TargetsHTTP}}, "http.targets.file", "192.0.2.1:80 is not"},
	} {
		_, err := Open(runner.Setup{Attack: loadgen.Attack{HTTP: &c.spec}, Gate: gateOf(t, "127.0.0.0/8", "other.test")})
		var key *pace.KeyError
		require.ErrorAs(t, err, &key)
		assert.Equal(t, c.key, key.Key)
		assert.Contains(t, key.What, c.what)
	}
	// A name by what it resolves to: hosts files have localhost.
	_, err := Open(runner.Setup{Attack: loadgen.Attack{HTTP: &loadgen.HTTP{Method: "GET", URL: "http://localhost:8080/"}}, Gate: gateOf(t, "192.0.2.0/24")})
	assert.ErrorContains(t, err, "localhost:8080 resolves to")
}

func TestARedirectLeadsToNoTargetThatIsNotAllowed(t *testing.T) {
	var reached atomic.Int64
	outside := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	u, err := url.Parse(outside.URL)
	require.NoError(t, err)
	home := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/in" {
			http.Redirect(w, r, "/done", http.StatusFound)
		} else if r.URL.Path == "/out" {
			http.Redirect(w, r, "http://localhost:"+u.Port()+"/", http.StatusFound)
		}
	}))
	at, err := url.Parse(home.URL)
	require.NoError(t, err)
	for path, want := range map[string]loadgen.ErrorKind{"/in": "", "/out": loadgen.ErrorNotAllowed} {
		a := attackOn(home.URL + path)
		a.HTTP.Redirects = 3
		a.Load = []pace.Stage{{Max: &pace.Max{Workers: 1}, Count: 3}}
		records := loadgentest.Attack(t.Context(), t, Open, a, loadgen.Limits{AllowedTargets: []string{"127.0.0.1:" + at.Port()}}).Records
		require.Len(t, records, 3)
		for _, r := range records {
			assert.Equal(t, want, r.Error, r.ErrorText)
			if want != "" {
				assert.Contains(t, r.ErrorText, "is not in limits.allowed_targets")
			}
		}
	}
	assert.Zero(t, reached.Load(), "the target outside was reached")
}

// The gate is asked when an address is dialled, not only before the run.
func TestBothTransportsDialNothingThatIsNotAllowed(t *testing.T) {
	var reached atomic.Int64
	s := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	bothTransports(t, func(t *testing.T, open runner.Open) {
		late := func(s runner.Setup) (loadgen.Engine, error) {
			e, err := open(s)
			if err != nil {
				return nil, err
			}
			s.Gate = gateOf(t, "192.0.2.0/24")
			switch old := e.(*engine).transport.(type) {
			case *direct:
				trust, _ := enginekit.ClientTLS(t.Context(), "http", s.Attack.HTTP.TLS)
				e.(*engine).transport, err = newDirect(&s, trust, e.(*engine).requests)
				old.close()
			case *standard:
				e.(*engine).transport = newStandard(&s, nil)
				old.close()
			}
			return e, err
		}
		for _, r := range send(t, late, attackOn(s.URL), 3) {
			assert.Equal(t, loadgen.ErrorNotAllowed, r.Error, r.ErrorText)
			assert.Zero(t, r.Dialed)
		}
	})
	assert.Zero(t, reached.Load())
}

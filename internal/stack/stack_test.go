package stack

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a server that is built in a moment. It serves on its second argument;
// its first is the config file, whose text says how it behaves.
const small = `package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
)

func main() {
	how, _ := os.ReadFile(os.Args[1])
	fmt.Println("behaving", string(how))
	if string(how) == "fail" {
		fmt.Println("some reason")
		os.Exit(3)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	go http.ListenAndServe(os.Args[2], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if string(how) == "unready" {
			w.WriteHeader(503)
			fmt.Fprint(w, "not yet")
		}
	}))
	<-stop
	if string(how) == "stubborn" {
		select {}
	}
}
`

// tree makes a source tree with one server, in which the test runs. Builds are
// kept in a cache folder of the test.
func tree(t *testing.T, program, how string) Server {
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	require.NoError(t, err)
	t.Setenv("GOCACHE", strings.TrimSpace(string(out)))
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	root := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":                     module + "\n",
		"deploy/stack/small/go.mod":  "module example.com/small\n\ngo 1.26\n",
		"deploy/stack/small/go.sum":  "",
		"deploy/stack/small/main.go": program,
		"deploy/stack/small/conf":    how,
		"elsewhere/keep":             "",
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	t.Chdir(filepath.Join(root, "elsewhere"))
	return Server{
		Name: "small", Package: "example.com/small", Ports: []Port{{"http", 1}}, Config: "conf", ReadyPort: "http", ReadyPath: "/",
		Args: func(config string, at Addresses) []string { return []string{config, at["http"]} },
	}
}

func TestAServerIsBuiltOnceStartedAndStopped(t *testing.T) {
	s := tree(t, small, "well")
	var said strings.Builder
	for range 2 {
		i, err := Start(t.Context(), s, Options{Data: t.TempDir(), Progress: &said})
		require.NoError(t, err)
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(i.URL("http"))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Positive(t, i.PID())
		require.NoError(t, i.Stop(context.Background()))
		log, err := os.ReadFile(i.Log)
		require.NoError(t, err)
		assert.Contains(t, string(log), "behaving well")
	}
	assert.Equal(t, 1, strings.Count(said.String(), "building it"), said.String())
}

func TestAServerStartsAgainWhereItWas(t *testing.T) {
	s := tree(t, small, "well")
	first, err := Start(t.Context(), s, Options{Data: t.TempDir()})
	require.NoError(t, err)
	require.NoError(t, first.Stop(context.Background()))
	second, err := Start(t.Context(), s, first.Again())
	require.NoError(t, err)
	require.NoError(t, second.Stop(context.Background()))
	assert.Equal(t, first.URLs(), second.URLs())
	assert.Equal(t, first.Log, second.Log)
}

func TestABuildThatFailsShowsTheCompilersWords(t *testing.T) {
	s := tree(t, "package main\n\nfunc main() { undefined() }\n", "")
	_, err := Start(t.Context(), s, Options{Data: t.TempDir()})
	require.ErrorContains(t, err, "build small")
	assert.ErrorContains(t, err, "undefined: undefined")
	files, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "loadtrace", "stack", "*"))
	require.NoError(t, err)
	assert.Empty(t, files, "nothing half-built is kept")
}

func TestAnotherSourceIsAnotherBuild(t *testing.T) {
	s := tree(t, small, "well")
	first, err := Build(t.Context(), s, nil)
	require.NoError(t, err)
	dir, err := folder(s)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/small\n\ngo 1.25\n"), 0o644))
	second, err := Build(t.Context(), s, nil)
	require.NoError(t, err)
	assert.NotEqual(t, first, second)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(small+"\n// changed\n"), 0o644))
	third, err := Build(t.Context(), s, nil)
	require.NoError(t, err)
	assert.NotEqual(t, second, third)
}

func TestAServerThatEndsAtOnceIsAnErrorWithItsLastWords(t *testing.T) {
	s := tree(t, small, "fail")
	_, err := Start(t.Context(), s, Options{Data: t.TempDir()})
	require.ErrorContains(t, err, "exit status 3")
	assert.ErrorContains(t, err, "some reason")
}

func TestAServerThatDoesNotGetReadyIsStopped(t *testing.T) {
	s := tree(t, small, "unready")
	_, err := Build(t.Context(), s, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 2_000_000_000, assert.AnError)
	defer cancel()
	_, err = Start(ctx, s, Options{Data: t.TempDir()})
	require.ErrorIs(t, err, assert.AnError)
	assert.ErrorContains(t, err, "small is not ready")
}

func TestAServerThatDoesNotStopIsKilled(t *testing.T) {
	s := tree(t, small, "stubborn")
	i, err := Start(t.Context(), s, Options{Data: t.TempDir()})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorContains(t, i.Stop(ctx), "small did not stop in time and was killed")
	<-i.Done()
}

func TestAPortInUseIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", host+":0")
	require.NoError(t, err)
	defer l.Close()
	_, text, _ := net.SplitHostPort(l.Addr().String())
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	_, err = assign(Loki(), map[string]int{"http": port})
	require.ErrorContains(t, err, "port "+text+" for loki.http cannot be had")
	assert.ErrorContains(t, err, "address already in use")
}

func TestFreePortsDiffer(t *testing.T) {
	at, err := assign(Jaeger(), nil)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, address := range at {
		seen[address] = true
	}
	assert.Len(t, seen, len(Jaeger().Ports))
}

func TestOutsideTheSourceTreeItSaysSo(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Build(t.Context(), Loki(), nil)
	assert.ErrorContains(t, err, "is not within loadtrace's source tree")
}

func TestAProgramThatNeedsNoBuildIsTakenAsItIs(t *testing.T) {
	s := tree(t, small, "well")
	built, err := Build(t.Context(), s, nil)
	require.NoError(t, err)
	s.Package, s.Binary = "", built
	s.Env = func(at Addresses) []string { return []string{"SMALL=" + at.Port("http")} }
	i, err := Start(t.Context(), s, Options{Data: t.TempDir()})
	require.NoError(t, err)
	assert.Equal(t, "SMALL="+i.at.Port("http"), i.cmd.Env[len(i.cmd.Env)-1])
	require.NoError(t, i.Stop(context.Background()))
}

func TestEveryServerHasItsFolderAndConfig(t *testing.T) {
	for _, s := range append(All(), JaegerStorage(), JaegerOver(&Instance{})) {
		dir, err := folder(s)
		require.NoError(t, err)
		for _, name := range []string{"go.mod", "go.sum", s.Config} {
			assert.FileExists(t, filepath.Join(dir, name))
		}
		found, err := Named(s.Name)
		require.NoError(t, err)
		assert.Equal(t, s.Package, found.Package)
	}
	_, err := Named("grafana")
	assert.ErrorContains(t, err, "prometheus, loki or jaeger")
}

func TestTheTailOfABuildLeavesPackageNamesOut(t *testing.T) {
	var said tail
	_, _ = said.Write([]byte("go: downloading a v1\nnet/http\nexample.com/x\n# example.com/x\n./x.go:1:1: bad thing\n"))
	assert.Equal(t, "# example.com/x\n./x.go:1:1: bad thing", said.String())
	assert.Equal(t, int64(5), said.lines.Load())
	_, _ = said.Write([]byte(strings.Repeat("y z\n", tailBytes)))
	assert.LessOrEqual(t, len(said.kept), tailBytes)
}

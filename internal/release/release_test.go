package release

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/loadtrace/loadtrace"

// What a service gets with goruntime; docs/adr/0022 compares it with others.
const (
	mostPackages = 52 // that are not the standard library's
	mostModules  = 30 // of which a version is chosen
	mostIndirect = 12 // lines of its go.mod
)

const service = `package main

import "github.com/loadtrace/loadtrace/goruntime"

func main() {
	stop, _ := goruntime.Start()
	stop()
}
`

// A service that imported goruntime once had 460 modules to choose versions of, and its gRPC
// became as new as ours.
func TestAReleaseCanBeUsed(t *testing.T) {
	r := newRelease(t)
	t.Run("a service that imports goruntime gets little else", func(t *testing.T) {
		c := r.consumer(t)
		c.write("main.go", service)
		c.write("go.mod", "module example.com/service\n\ngo 1.26.0\n\nrequire "+module+"/goruntime "+r.version+"\n")
		c.run("go", "mod", "tidy")
		packages := c.lines("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
		modules := c.lines("go", "list", "-m", "all")
		indirect := strings.Count(c.read("go.mod"), "// indirect")
		t.Logf("%d packages, %d modules, %d indirect", len(packages), len(modules), indirect)
		assert.LessOrEqual(t, len(packages), mostPackages)
		assert.LessOrEqual(t, len(modules), mostModules)
		assert.LessOrEqual(t, indirect, mostIndirect)
		for _, m := range modules {
			for _, not := range []string{"google.golang.org/grpc ", "github.com/prometheus/", "go.opentelemetry.io/collector/", module + " "} {
				assert.False(t, strings.HasPrefix(m, not), m)
			}
		}
		c.run("go", "build", "-o", os.DevNull, ".")
	})
	t.Run("both modules fit together", func(t *testing.T) {
		c := r.consumer(t)
		c.write("main.go", strings.Replace(service, "import ", "import _ \""+module+"/loadgen\"\n\nimport ", 1))
		c.write("go.mod", "module example.com/service\n\ngo 1.26.0\n\nrequire (\n\t"+module+" "+r.version+"\n\t"+module+"/goruntime "+r.version+"\n)\n")
		c.run("go", "mod", "tidy")
		packages := c.lines("go", "list", "-deps", ".")
		assert.True(t, slices.Contains(packages, module+"/loadgen") && slices.Contains(packages, module+"/goruntime"))
	})
	t.Run("go install takes it", func(t *testing.T) { // it refuses a module that replaces another
		c := r.consumer(t)
		c.env = append(c.env, "GOFLAGS=-trimpath", "GOBIN="+c.dir)
		c.run("go", "install", module+"/cmd/healthy@"+r.version) // the smallest command
		assert.FileExists(t, filepath.Join(c.dir, "healthy"))
	})
}

// release is what .ci/release makes of what is committed, in a clone.
type release struct {
	version string
	env     []string // of a user of it
}

func newRelease(t *testing.T) *release {
	r := &release{version: fmt.Sprintf("v0.0.0-test.%d", time.Now().UnixNano())} // of a version the module cache keeps the first
	proxy, clone := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	c := &consumer{t: t, dir: t.TempDir(), env: append(os.Environ(),
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@localhost", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@localhost")}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	for _, what := range []string{".ci/release", "go.mod", "goruntime"} {
		noteUse(t, filepath.Join(root, what))
	}
	cache := c.lines("go", "env", "GOMODCACHE")[0]
	t.Cleanup(func() { forget(t, cache, r.version) })
	c.run("git", "clone", "--quiet", "--shared", root, clone)
	c.run(filepath.Join(clone, ".ci", "release"), r.version, proxy)
	r.env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod -trimpath", "GONOSUMDB="+module+","+module+"/*",
		"GOPROXY=file://"+proxy+","+c.lines("go", "env", "GOPROXY")[0])
	return r
}

// noteUse reads files, so that go test knows that a result depends on them.
func noteUse(t *testing.T, path string) {
	require.NoError(t, filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			_, err = os.ReadFile(path)
		}
		return err
	}))
}

// forget a version of the modules in a module cache, whose folders are read-only.
func forget(t *testing.T, cache, version string) {
	for _, m := range []string{module, module + "/goruntime"} {
		extracted := filepath.Join(cache, m+"@"+version)
		_ = filepath.WalkDir(extracted, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				return os.Chmod(path, 0o700)
			}
			return err
		})
		assert.NoError(t, os.RemoveAll(extracted))
		files, err := filepath.Glob(filepath.Join(cache, "cache", "download", m, "@v", version+".*"))
		assert.NoError(t, err)
		for _, file := range files {
			assert.NoError(t, os.Remove(file))
		}
	}
}

// consumer is a folder, and the environment of its commands.
type consumer struct {
	t   *testing.T
	dir string
	env []string
}

func (r *release) consumer(t *testing.T) *consumer {
	return &consumer{t: t, dir: t.TempDir(), env: slices.Clone(r.env)}
}

func (c *consumer) run(name string, args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), name, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(c.t, err, "%s %s: %s", name, args, &stderr)
	return string(out)
}

func (c *consumer) lines(name string, args ...string) []string {
	c.t.Helper()
	return strings.Split(strings.TrimSpace(c.run(name, args...)), "\n")
}

func (c *consumer) write(name, text string) {
	require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600))
}

func (c *consumer) read(name string) string {
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	require.NoError(c.t, err)
	return string(text)
}

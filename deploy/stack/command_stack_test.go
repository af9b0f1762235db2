//go:build stack

package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// program is the built command, run on a data folder of the test.
type program struct {
	binary, data string
}

func compile(t *testing.T) program {
	p := program{filepath.Join(t.TempDir(), "stack"), filepath.Join(t.TempDir(), "data")}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Cleanup(func() { p.run("wipe") })
	return p
}

func (p program) run(args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.Command(p.binary, append(args, "--data", p.data)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

var anywhere = []string{
	"--port=loki.http=0,loki.grpc=0,prometheus.http=0",
	"--port=jaeger.http=0,jaeger.grpc=0,jaeger.otlp_grpc=0,jaeger.otlp_http=0,jaeger.health=0",
}

func TestUpStartsAllServersAndWipeLeavesNothing(t *testing.T) {
	p := compile(t)
	out, err := p.run(append([]string{"up"}, anywhere...)...)
	require.NoError(t, err, out)
	s, err := options{data: p.data}.load(t.Context())
	require.NoError(t, err)
	require.Len(t, s.Servers, 3)

	out, err = p.run("status")
	require.NoError(t, err, out)
	for _, name := range names() {
		assert.Regexp(t, name+` +runs as process \d+`, out)
	}
	out, err = p.run("up")
	require.Error(t, err)
	assert.Contains(t, out, "run already; stop them with down")

	out, err = p.run("wipe")
	require.NoError(t, err, out)
	assert.NoDirExists(t, p.data)
	for _, server := range s.Servers {
		_, err := http.Get(server.URLs["http"])
		assert.Error(t, err, "%s still answers", server.Name)
	}
	out, err = p.run("status")
	require.Error(t, err)
	assert.Contains(t, out, "nothing runs")
}

func TestDownKeepsDataAndWipeKeepsOthersFiles(t *testing.T) {
	p := compile(t)
	out, err := p.run("up", "prometheus", "--port=prometheus.http=0")
	require.NoError(t, err, out)
	note := filepath.Join(p.data, "note.txt")
	require.NoError(t, os.WriteFile(note, nil, 0o644))
	out, err = p.run("down")
	require.NoError(t, err, out)
	assert.DirExists(t, filepath.Join(p.data, "prometheus"))
	out, err = p.run("wipe")
	require.NoError(t, err, out)
	assert.NoDirExists(t, filepath.Join(p.data, "prometheus"))
	assert.FileExists(t, note)
}

func TestAnUnknownPortIsNamedWithThoseThereAre(t *testing.T) {
	out, err := compile(t).run("up", "prometheus", "--port=loki.http=1")
	require.Error(t, err)
	assert.Contains(t, out, "--port loki.http: there is no such port; write one of prometheus.http")
}

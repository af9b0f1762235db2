package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stages are those of the Dockerfile as Docker's own library reads it, by name.
func stages(t *testing.T) map[string]instructions.Stage {
	t.Helper()
	f, err := os.Open("../Dockerfile")
	require.NoError(t, err)
	defer f.Close()
	parsed, err := parser.Parse(f)
	require.NoError(t, err)
	require.Empty(t, parsed.Warnings)
	list, _, err := instructions.Parse(parsed.AST, nil)
	require.NoError(t, err)
	out := map[string]instructions.Stage{}
	for _, s := range list {
		out[s.Name] = s
	}
	return out
}

func TestImagesAreABinaryAndNoShell(t *testing.T) {
	all := stages(t)
	base := all["base"]
	assert.Equal(t, "scratch", base.BaseName)
	user := ""
	for _, c := range base.Commands {
		if u, ok := c.(*instructions.UserCommand); ok {
			user = u.User
		}
	}
	assert.Regexp(t, `^[1-9]\d*:[1-9]\d*$`, user, "a number, so that Kubernetes can tell that it is not root")
	for _, name := range []string{"loadtrace", "target", "exporter"} {
		assert.Equal(t, "base", all[name].BaseName, name)
		var binary string
		for _, c := range all[name].Commands {
			switch c := c.(type) {
			case *instructions.RunCommand:
				t.Errorf("%s runs something, which takes a shell", name)
			case *instructions.CopyCommand:
				binary = c.DestPath
			case *instructions.EntrypointCommand:
				assert.False(t, c.PrependShell, "%s starts by a shell", name)
				assert.Equal(t, []string{binary}, []string(c.CmdLine))
			}
		}
		assert.NotEmpty(t, binary)
	}
	for name, s := range project(t).Services {
		if s.Build != nil {
			assert.Contains(t, all, s.Build.Target, name)
		}
	}
}

// The build sees what the ignore file lets through: every package of ours that goes
// into an image has to be among it, and so has what it embeds.
func TestTheBuildSeesWhatItNeeds(t *testing.T) {
	ignore, err := os.ReadFile("../Dockerfile.dockerignore")
	require.NoError(t, err)
	seen := map[string]bool{}
	for line := range strings.Lines(string(ignore)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "!"); ok {
			seen[name] = true
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "builder-config.yaml"} {
		assert.True(t, seen[name], name)
	}
	manifest, err := os.ReadFile("../../builder-config.yaml")
	require.NoError(t, err)
	tags := regexp.MustCompile(`build_tags: *(\S+)`).FindSubmatch(manifest)
	require.NotNil(t, tags)
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", string(tags[1]),
		"-f", `{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{$d}}{{range .EmbedFiles}} {{$d}}/{{.}}{{end}}{{end}}{{end}}`,
		"./cmd/loadtrace", "./cmd/target", "./cmd/exporter", "./cmd/healthy")
	list.Dir = "../.."
	said, err := list.Output()
	require.NoError(t, err)
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	paths := strings.Fields(string(said))
	require.Greater(t, len(paths), 50)
	for _, path := range paths {
		below, err := filepath.Rel(root, path)
		require.NoError(t, err)
		top, _, _ := strings.Cut(below, "/")
		assert.True(t, seen[top], "%s is kept from the build", below)
		assert.NotContains(t, below, "testdata", "the build sees none")
	}
}

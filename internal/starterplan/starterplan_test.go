package starterplan

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

func TestThePlanIsGoodAsItStands(t *testing.T) {
	p, err := planfile.Parse("plan.yaml", []byte(Text), planfile.Env(func(string) (string, bool) { return "", false }))
	require.NoError(t, err)
	assert.Equal(t, "Bearer demo-0001", p.Attacks[0].HTTP.Headers["Authorization"])
	assert.Len(t, p.Thresholds, 2)
}

// Whoever takes a # away must not be left with a plan that is none.
func TestThePlanIsGoodWithAllThatIsCommentedOut(t *testing.T) {
	text := regexp.MustCompile(`(?m)^( +)#(-|  |\w)`).ReplaceAllString(Text, "$1$2")
	p, err := planfile.Parse("plan.yaml", []byte(text))
	require.NoError(t, err, text)
	require.Len(t, p.Attacks, 2)
	assert.Equal(t, "POST", p.Attacks[0].HTTP.Method)
	assert.Len(t, p.Attacks[0].Load, 3)
	assert.Equal(t, "auth.v1.Auth/Validate", p.Attacks[1].GRPC.Method)
	assert.Len(t, p.Limits.AllowedTargets, 2)
}

func TestThePlanFitsATerminal(t *testing.T) {
	for line := range strings.Lines(Text) {
		if !strings.Contains(line, "$schema") {
			assert.LessOrEqual(t, len(strings.TrimSpace(line)), 80, line)
		}
	}
}

func TestAFileIsNotOverwrittenUnasked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("mine", 1000)), 0o600))
	require.True(t, errors.Is(Write(path, false, io.Discard), os.ErrExist))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(text), "mine")

	require.NoError(t, Write(path, true, io.Discard))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, Text, string(text))

	var out strings.Builder
	require.NoError(t, Write("-", false, &out))
	assert.Equal(t, Text, out.String())
}

package attr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/attr"
)

// A name of our own under a foreign prefix could collide with a convention that
// does not exist yet.
func TestLiteralNamesStayInOurNamespaces(t *testing.T) {
	foreign := map[string]bool{"otel.metric.overflow": true, "http.client.request.duration": true, "rpc.client.call.duration": true, "loadtrace": true,
		"_age": true, "github.com/loadtrace/loadtrace/processor/tracejoinprocessor": true}
	names := literals(t)
	require.Greater(t, len(names), 30)
	for _, name := range names {
		ours := strings.HasPrefix(name, "loadgen.") || strings.HasPrefix(name, "join.")
		assert.True(t, ours || foreign[name], name)
	}
}

func literals(t *testing.T) []string {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var names []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				for _, e := range v.Values {
					if lit, ok := e.(*ast.BasicLit); ok {
						names = append(names, strings.Trim(lit.Value, `"`))
					}
				}
			}
			return true
		})
	}
	return names
}

func TestNamesOfOursAreKnownAndMistypedOnesAreNot(t *testing.T) {
	for _, name := range []string{attr.RunID, attr.MetricRequests, attr.EventRunStop, attr.EnvFingerprint, attr.JoinLedger + "gc", attr.JoinRuntimeHeap + "_age", "loadgen.env.version.ghz"} {
		assert.True(t, attr.Known(name), name)
	}
	for _, name := range []string{"loadgen.run_id", "loadgen.runid", "join.ledger.", "loadgen.env.cores", "", "loadgen"} {
		assert.False(t, attr.Known(name), name)
	}
}

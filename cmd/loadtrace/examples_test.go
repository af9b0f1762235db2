package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/lint"
)

const examples = "../../examples/collector"

// Those that people copy must not be what we refuse.
func TestExamplesMayBeMerged(t *testing.T) {
	rules, err := lint.Load()
	require.NoError(t, err)
	files, err := filepath.Glob(examples + "/*.yaml")
	require.NoError(t, err)
	require.Greater(t, len(files), 5)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		findings, err := rules.Check(file, src)
		require.NoError(t, err)
		for _, f := range findings {
			assert.NotEmpty(t, f.Waived, "%s:%d: %s", file, f.Line, f.Message())
		}
	}
}

func TestTheDocumentationNamesEveryBackEndThereIsAConfigurationFor(t *testing.T) {
	text, err := os.ReadFile("../../docs/backends.md")
	require.NoError(t, err)
	files, err := filepath.Glob(examples + "/backend-*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range append(files, "platform.yaml") {
		assert.Contains(t, string(text), "../examples/collector/"+filepath.Base(file))
	}
}

// There is no Alloy here to run it: its syntax is checked by Alloy's own parser, and
// that what it refers to is there.
func TestTheConfigurationOfAlloyParsesAndHangsTogether(t *testing.T) {
	const file = examples + "/alloy/loadtrace.alloy"
	src, err := os.ReadFile(file)
	require.NoError(t, err)
	parsed, err := parser.ParseFile(file, src)
	require.NoError(t, err)
	var have, want []string
	for _, s := range parsed.Body {
		block, ok := s.(*ast.BlockStmt)
		require.True(t, ok)
		name := strings.Join(block.Name, ".")
		assert.Contains(t, []string{"otelcol.receiver.otlp", "otelcol.exporter.otlphttp"}, name)
		have = append(have, name+"."+block.Label)
		ast.Walk(references{&want}, block.Body)
	}
	require.Len(t, have, 4)
	require.Len(t, want, 3, "one for each signal")
	for _, name := range want {
		assert.Contains(t, have, name)
	}
}

// references collects what is referred to as name.input.
type references struct{ found *[]string }

func (r references) Visit(n ast.Node) ast.Visitor {
	if access, ok := n.(*ast.AccessExpr); ok && access.Name.Name == "input" {
		*r.found = append(*r.found, path(access.Value))
		return nil
	}
	return r
}

// path is an access as it is written.
func path(e ast.Expr) string {
	var steps []string
	for {
		access, ok := e.(*ast.AccessExpr)
		if !ok {
			break
		}
		steps, e = append(steps, access.Name.Name), access.Value
	}
	if root, ok := e.(*ast.IdentifierExpr); ok {
		steps = append(steps, root.Ident.Name)
	}
	slices.Reverse(steps)
	return strings.Join(steps, ".")
}

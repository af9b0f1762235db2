package goruntime_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/semconv/v1.41.0/goconv"

	"github.com/loadtrace/loadtrace/goruntime"
)

// The conventions may name anything in go.* and container.*, with another meaning.
func TestNamesThatTheConventionsDoNotHaveAreNotInTheirNamespaces(t *testing.T) {
	conventions := map[string]bool{"process.cpu.time": true}
	for _, c := range []interface{ Name() string }{
		goconv.ConfigGogc{}, goconv.CPUTimeObservable{}, goconv.GoroutineCount{}, goconv.MemoryAllocated{}, goconv.MemoryAllocations{},
		goconv.MemoryGCCycles{}, goconv.MemoryGCGoal{}, goconv.MemoryGCPauseDuration{}, goconv.MemoryLimit{}, goconv.MemoryUsed{},
		goconv.ProcessorLimit{}, goconv.ScheduleDuration{},
	} {
		conventions[c.Name()] = true
	}
	ours := 0
	for name := range collect(t, started(t)) {
		if strings.HasPrefix(name, "goruntime.") {
			ours++
		} else {
			assert.True(t, conventions[name], name)
		}
	}
	assert.Greater(t, ours, 5)

	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	require.NoError(t, err)
	names := []string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.BasicLit); ok && v.Kind == token.STRING {
			if name := strings.Trim(v.Value, `"`); name != goruntime.Scope {
				names = append(names, name)
			}
		}
		return true
	})
	require.Greater(t, len(names), 20)
	for _, name := range names {
		assert.True(t, strings.HasPrefix(name, "goruntime."), name)
		for _, other := range names {
			if name != goruntime.EventGCCycle { // the name of an event is not a key
				assert.False(t, strings.HasPrefix(other, name+"."), "%s is a namespace, too: %s", name, other)
			}
		}
	}
}

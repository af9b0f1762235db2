package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sorting are the functions of OpenTelemetry 1.44 that sort the attributes they are
// given in place, each with its package. All others that take attributes clone them
// first: metric.WithAttributes, and WithInstrumentationAttributes of the three signals.
var sorting = map[string][]string{
	"go.opentelemetry.io/otel/attribute":    {"NewSet", "NewSetWithFiltered", "NewSetWithSortable", "NewSetWithSortableFiltered"},
	"go.opentelemetry.io/otel/sdk/resource": {"NewSchemaless", "NewWithAttributes"},
}

// A slice that two goroutines give to one of these at once is a data race, and one that
// is given twice comes back in another order. So what they get is made in the call:
// written out, or by slices.Clone or slices.Concat.
func TestAttributesThatAreSortedInPlaceAreNobodyElses(t *testing.T) {
	calls := 0
	for _, f := range moduleFiles(t) {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", f.name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		shared, n := sharedAttributes(parsed)
		calls += n
		for _, call := range shared {
			t.Errorf("%s: %s sorts the slice it is given in place: give it slices.Clone of it", f.name, call)
		}
	}
	assert.Positive(t, calls, "no call was found, so nothing was checked")
}

func TestSharedAttributesAreFound(t *testing.T) {
	const head = `package p
import ("slices"; "go.opentelemetry.io/otel/attribute"; sdk "go.opentelemetry.io/otel/sdk/resource"; "go.opentelemetry.io/otel/metric")
var shared []attribute.KeyValue
var _ = `
	for call, bad := range map[string]bool{
		`attribute.NewSet(shared...)`:                                    true,
		`attribute.NewSet(append(shared, more...)...)`:                   true,
		`attribute.NewSet(r.attributes...)`:                              true,
		`metric.WithAttributeSet(attribute.NewSet(shared...))`:           true,
		`attribute.NewSetWithFiltered(shared, nil)`:                      true,
		`attribute.NewSetWithSortable(shared, nil)`:                      true,
		`sdk.NewSchemaless(shared...)`:                                   true,
		`sdk.NewWithAttributes("", shared...)`:                           true,
		`attribute.NewSet()`:                                             false,
		`attribute.NewSet(attribute.Int("a", 1), attribute.Int("b", 2))`: false,
		`attribute.NewSet(slices.Clone(shared)...)`:                      false,
		`attribute.NewSet(slices.Concat(shared, more)...)`:               false,
		`attribute.NewSetWithFiltered([]attribute.KeyValue{{}}, nil)`:    false,
		`sdk.NewWithAttributes("", attribute.Int("a", 1))`:               false,
		`metric.WithAttributes(shared...)`:                               false,
		`another.NewSet(shared...)`:                                      false,
	} {
		parsed, err := parser.ParseFile(token.NewFileSet(), "p.go", head+call, parser.SkipObjectResolution)
		require.NoError(t, err)
		found, _ := sharedAttributes(parsed)
		assert.Equal(t, bad, len(found) == 1, "%s: %s", call, found)
	}
}

// sharedAttributes are the calls of sorting functions whose slice may be another's too,
// and the number of all calls of such functions.
func sharedAttributes(file *ast.File) (shared []string, calls int) {
	names := map[string][]string{} // of functions, by what the file calls their package
	for _, imp := range file.Imports {
		from := strings.Trim(imp.Path.Value, `"`)
		name := path.Base(from)
		if imp.Name != nil {
			name = imp.Name.Name
		}
		names[name] = sorting[from]
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		pkg, function := callee(call)
		if !slices.Contains(names[pkg], function) {
			return true
		}
		calls++
		switch slice := sliceOf(call, function); {
		case slice == nil, isLiteral(slice), isCopy(slice):
		default:
			shared = append(shared, fmt.Sprintf("%s.%s", pkg, function))
		}
		return true
	})
	return shared, calls
}

// sliceOf is the slice that a sorting function is given; nil if the attributes are
// written one by one.
func sliceOf(call *ast.CallExpr, function string) ast.Expr {
	switch {
	case strings.HasPrefix(function, "NewSetWith") && len(call.Args) > 0:
		return call.Args[0]
	case call.Ellipsis.IsValid():
		return call.Args[len(call.Args)-1]
	}
	return nil
}

func isLiteral(e ast.Expr) bool {
	_, ok := e.(*ast.CompositeLit)
	return ok
}

func isCopy(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	pkg, function := callee(call)
	return pkg == "slices" && (function == "Clone" || function == "Concat")
}

// callee of a call of a package's function.
func callee(call *ast.CallExpr) (pkg, function string) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	if x, ok := selector.X.(*ast.Ident); ok {
		pkg = x.Name
	}
	return pkg, selector.Sel.Name
}

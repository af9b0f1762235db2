package archtest

import (
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/loadtrace/loadtrace"

// file is a Go file of the module: its package's path below the module, whether
// it is a test, and what it imports.
type file struct {
	name    string
	pkg     string
	test    bool
	imports []string
}

// rule forbids imports. A pattern is a package, or with /... a tree; patterns
// that begin with ./ are of this module.
type rule struct {
	why       string
	in        []string
	forbidden []string
	except    []string
	stdOnly   bool
	and       []string // what stdOnly allows beside the standard library
	testsToo  bool
}

var law = []rule{
	{
		why:       "the load library is for anybody, also without a collector",
		in:        []string{"./loadgen/..."},
		forbidden: []string{"go.opentelemetry.io/collector/...", "./receiver/...", "./processor/...", "./exporter/...", "./extension/..."},
	},
	{
		why:       "an archive's exporter reads telemetry: it knows neither who makes it nor who joins it",
		in:        []string{"./exporter/..."},
		forbidden: []string{"./receiver/...", "./processor/..."},
	},
	{
		why:     "a schedule is a pure computation, which needs nothing but Linux's timerfd: the standard library has no wrapper for it",
		in:      []string{"./loadgen/pace"},
		stdOnly: true,
		and:     []string{"golang.org/x/sys/unix"},
	},
	{
		why:     "statistics are pure computations on figures, wherever these come from",
		in:      []string{"./runs/judge/..."},
		stdOnly: true,
		and:     []string{"gonum.org/v1/gonum/...", "./runs/judge/..."},
	},
	{
		why:       "what one engine needs of its tool must not leak into another",
		in:        []string{"./loadgen/httpengine/..."},
		forbidden: []string{"./loadgen/grpcengine/...", "github.com/bojand/ghz/..."},
	},
	{
		why:       "what one engine needs of its tool must not leak into another",
		in:        []string{"./loadgen/grpcengine/..."},
		forbidden: []string{"./loadgen/httpengine/...", "github.com/tsenart/vegeta/..."},
	},
	{
		why:       "httpengine alone knows vegeta; of the report one package reads the uPlot that vegeta's module embeds",
		in:        []string{"./..."},
		forbidden: []string{"github.com/tsenart/vegeta/..."},
		except:    []string{"./loadgen/httpengine/...", "./runs/report/internal/uplot"},
	},
	{
		why:       "what a run left is for anybody, also without a collector",
		in:        []string{"./runs/..."},
		forbidden: []string{"go.opentelemetry.io/collector/...", "./receiver/...", "./processor/...", "./exporter/...", "./extension/...", "./internal/session/...", "./internal/terminal/..."},
	},
	{
		why:       "grpcengine alone knows ghz",
		in:        []string{"./..."},
		forbidden: []string{"github.com/bojand/ghz/..."},
		except:    []string{"./loadgen/grpcengine/..."},
	},
	{
		why:       "the join works on anybody's client spans: its contract is telemetry, not our types",
		in:        []string{"./processor/..."},
		forbidden: []string{"./loadgen/...", "./receiver/..."},
	},
	{
		why:       "the queue is for the generator and for the join, which know nothing of each other",
		in:        []string{"./internal/queue/..."},
		forbidden: []string{"./loadgen/...", "./receiver/...", "./processor/...", "go.opentelemetry.io/collector/pdata/..."},
	},
	{
		why:       "any service imports goruntime, and must get nothing else with it",
		in:        []string{"./goruntime/..."},
		forbidden: []string{"go.opentelemetry.io/collector/...", "github.com/prometheus/...", "./loadgen/...", "./receiver/...", "./processor/...", "./internal/..."},
	},
	{
		why:       "in a release goruntime is a module of its own, whose go.mod has what its tests import, too",
		in:        []string{"./goruntime/..."},
		forbidden: []string{"google.golang.org/grpc/...", "github.com/prometheus/...", "go.opentelemetry.io/collector/...", "./internal/...", "./loadgen/..."},
		testsToo:  true,
	},
	{
		why:       "goruntime itself costs the OpenTelemetry API and metric SDK, no more",
		in:        []string{"./goruntime"},
		forbidden: []string{"go.opentelemetry.io/contrib/...", "./goruntime/servermetrics/..."},
	},
	{
		why:       "an environment is a value that the load library and any service share",
		in:        []string{"./goruntime/environment"},
		forbidden: []string{"go.opentelemetry.io/otel/sdk/..."},
	},
	{
		why:       "what a run left is read by anybody, also without a collector",
		in:        []string{"./runs/..."},
		forbidden: []string{"go.opentelemetry.io/...", "./receiver/...", "./processor/...", "./exporter/...", "./extension/...", "./internal/session/..."},
	},
	{
		why:       "a diagnosis is computed from values: who asks a target, or reads its profiles, gives them",
		in:        []string{"./runs/diagnosis"},
		forbidden: []string{"github.com/google/pprof/...", "net/...", "net", "os", "./runs/diagnosis/..."},
		testsToo:  true,
	},
	{
		why:       "commands are ends: what two need has a room outside of them",
		in:        []string{"./..."},
		forbidden: []string{"./cmd/..."},
		testsToo:  true,
	},
	{
		why:       "internal/session is the only starter of a run in this process",
		in:        []string{"./..."},
		forbidden: []string{"go.opentelemetry.io/collector/otelcol/...", "./receiver/loadgenreceiver/..."},
		except:    []string{"./internal/session", "./internal/distribution", "./receiver/loadgenreceiver/..."},
	},
	{
		why:       "whoever starts a run decides what is shown of it, and where: a command, an API, a search",
		in:        []string{"./internal/session/...", "./internal/ladderrun/...", "./internal/calibrate/...", "./internal/ladder/...", "./internal/demo/..."},
		forbidden: []string{"github.com/spf13/...", "golang.org/x/term/...", "os/signal", "flag", "./internal/terminal/...", "./internal/runpage/...", "./runs/report/..."},
	},
	{
		why:       "a run is given its collector's components, of which one may start runs itself",
		in:        []string{"./internal/session/..."},
		forbidden: []string{"./internal/distribution/..."},
	},
	{
		why:       "commands are thin: flags in, one call, text out",
		in:        []string{"./cmd/loadtrace"},
		forbidden: []string{"go.opentelemetry.io/...", "go.uber.org/...", "google.golang.org/...", "./receiver/...", "./processor/...", "./exporter/...", "./loadgen/runner/...", "./loadgen/httpengine/...", "./loadgen/grpcengine/..."},
	},
}

func TestNoPackageBreaksTheImportLaw(t *testing.T) {
	files := moduleFiles(t)
	require.Greater(t, len(files), 20, "the module's files were not found")
	for _, f := range files {
		for _, fault := range faults(f) {
			t.Error(fault)
		}
	}
}

// What is not a test must not depend on test helpers, ours or others'.
func TestOnlyTestsImportTestPackages(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.test || strings.HasSuffix(f.pkg, "test") {
			continue
		}
		for _, imp := range f.imports {
			assert.False(t, strings.HasSuffix(path.Base(imp), "test"), "%s imports %s", f.name, imp)
		}
	}
}

// Pure packages get time as an argument and start nothing, so that what they
// compute can be replayed.
func TestPurePackagesHaveNeitherClockNorGoroutine(t *testing.T) {
	pure := []string{
		"./goruntime/internal/gccycle", "./goruntime/internal/runtimehist", "./goruntime/environment",
		"./receiver/loadgenreceiver/internal/span", "./receiver/loadgenreceiver/internal/loadmetrics",
		"./processor/tracejoinprocessor/internal/join", "./processor/tracejoinprocessor/internal/window",
		"./processor/tracejoinprocessor/internal/annotate", "./processor/tracejoinprocessor/internal/clock",
		"./processor/tracejoinprocessor/internal/clientspan", "./processor/tracejoinprocessor/internal/spanfilter",
		"./processor/tracejoinprocessor/internal/ledger", "./processor/tracejoinprocessor/internal/joinmetrics",
		"./loadgen/verdict", "./loadgen/allow", "./runs/report", "./internal/quantity", "./internal/lint",
		"./runs/diagnosis", "./runs/diagnosis/goprofile", "./runs/judge/...",
	}
	for _, f := range moduleFiles(t) {
		if f.test || !matchAny(pure, f.pkg) {
			continue
		}
		src, err := os.ReadFile(filepath.Join("..", "..", f.name))
		require.NoError(t, err)
		for _, impure := range []string{"time.Now(", "time.Since(", "time.Until(", "\tgo func", "\tgo "} {
			assert.NotContains(t, string(src), impure, f.name)
		}
	}
}

// A run in this process is started with one of these functions. Imports alone do not tell,
// as the distribution's settings have the same package.
func TestOnlyTheSessionStartsARun(t *testing.T) {
	starters := map[string]bool{}
	for _, f := range moduleFiles(t) {
		if f.test || strings.HasPrefix(f.pkg, "./receiver/loadgenreceiver") {
			continue
		}
		src, err := os.ReadFile(filepath.Join("..", "..", f.name))
		require.NoError(t, err)
		for _, start := range []string{"otelcol.NewCollector(", "loadgenreceiver.WithPlan(", "loadgenreceiver.WithObserver("} {
			if strings.Contains(string(src), start) {
				starters[f.pkg] = true
			}
		}
	}
	assert.Equal(t, map[string]bool{"./internal/session": true}, starters)
}

// The door to a run is for more than commands: writers and environment are its caller's.
func TestASessionKnowsNoProcess(t *testing.T) {
	for _, f := range moduleFiles(t) {
		if f.test || !matchAny([]string{"./internal/session/...", "./internal/ladderrun", "./internal/demo"}, f.pkg) {
			continue
		}
		src, err := os.ReadFile(filepath.Join("..", "..", f.name))
		require.NoError(t, err)
		for _, of := range []string{"os.Args", "os.Exit(", "os.Stdout", "os.Stderr", "os.Stdin", "os.Getenv(", "log.Writer("} {
			assert.NotContains(t, string(src), of, f.name)
		}
	}
}

func TestTheLawBites(t *testing.T) {
	for _, f := range []file{
		{pkg: "./loadgen/runner", imports: []string{"go.opentelemetry.io/collector/pdata/ptrace"}},
		{pkg: "./runs/archive", imports: []string{"go.opentelemetry.io/collector/pdata/ptrace"}},
		{pkg: "./exporter/runarchiveexporter", imports: []string{module + "/receiver/loadgenreceiver"}},
		{pkg: "./loadgen/pace", imports: []string{"github.com/goccy/go-yaml"}},
		{pkg: "./loadgen/pace", imports: []string{module + "/loadgen"}},
		{pkg: "./loadgen/pace", imports: []string{"golang.org/x/sys/windows"}},
		{pkg: "./runs/judge", imports: []string{module + "/loadgen/summary"}},
		{pkg: "./runs/judge/capacity", imports: []string{"github.com/goccy/go-yaml"}},
		{pkg: "./loadgen/httpengine", imports: []string{module + "/loadgen/grpcengine"}},
		{pkg: "./receiver/loadgenreceiver", imports: []string{"github.com/tsenart/vegeta/v12/lib"}},
		{pkg: "./runs/report", imports: []string{"github.com/tsenart/vegeta/v12/lib/plot"}},
		{pkg: "./runs/report", imports: []string{"go.opentelemetry.io/collector/pdata/ptrace"}},
		{pkg: "./processor/tracejoinprocessor", imports: []string{module + "/loadgen"}},
		{pkg: "./goruntime", imports: []string{"go.opentelemetry.io/contrib/instrumentation/runtime"}},
		{pkg: "./internal/queue", imports: []string{module + "/loadgen"}},
		{pkg: "./goruntime/cgroup", imports: []string{"go.opentelemetry.io/collector/pdata/pmetric"}},
		{pkg: "./goruntime", test: true, imports: []string{module + "/cmd/target"}},
		{pkg: "./goruntime/servermetrics", test: true, imports: []string{"google.golang.org/grpc"}},
		{pkg: "./cmd/loadtrace", imports: []string{module + "/cmd/target"}},
		{pkg: "./cmd/loadtrace", imports: []string{"go.opentelemetry.io/collector/otelcol"}},
		{pkg: "./internal/calibrate", imports: []string{module + "/receiver/loadgenreceiver"}},
		{pkg: "./internal/session", imports: []string{"github.com/spf13/cobra"}},
		{pkg: "./internal/session", imports: []string{module + "/internal/distribution"}},
		{pkg: "./runs/diagnosis/goprofile", imports: []string{"go.opentelemetry.io/collector/pdata/ptrace"}},
		{pkg: "./runs/diagnosis", imports: []string{"github.com/google/pprof/profile"}},
	} {
		assert.NotEmpty(t, faults(f), "%s importing %s", f.pkg, f.imports)
	}
	assert.Empty(t, faults(file{pkg: "./loadgen/pace", imports: []string{"time"}}))
	assert.Empty(t, faults(file{pkg: "./runs/judge/capacity", imports: []string{"math", "gonum.org/v1/gonum/mathext", module + "/runs/judge"}}))
}

func faults(f file) []string {
	var out []string
	for _, r := range law {
		if f.test && !r.testsToo || !matchAny(r.in, f.pkg) || matchAny(r.except, f.pkg) {
			continue
		}
		for _, imp := range f.imports {
			if r.stdOnly && !standard(imp) && !matchAny(r.and, local(imp)) || matchAny(r.forbidden, local(imp)) {
				out = append(out, fmt.Sprintf("%s imports %s: %s", f.name, imp, r.why))
			}
		}
	}
	return out
}

// local writes a package of this module with ./
func local(imp string) string {
	if rest, ok := strings.CutPrefix(imp, module); ok {
		return "." + rest
	}
	return imp
}

func standard(imp string) bool { return !strings.Contains(strings.Split(imp, "/")[0], ".") }

func matchAny(patterns []string, pkg string) bool {
	for _, p := range patterns {
		if tree, ok := strings.CutSuffix(p, "/..."); ok && (pkg == tree || strings.HasPrefix(pkg, tree+"/")) || p == pkg {
			return true
		}
	}
	return false
}

func moduleFiles(t *testing.T) []file {
	t.Helper()
	var files []file
	err := fs.WalkDir(os.DirFS("../.."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", name), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{name: name, pkg: "./" + path.Dir(name), test: strings.HasSuffix(name, "_test.go")}
		for _, imp := range parsed.Imports {
			f.imports = append(f.imports, strings.Trim(imp.Path.Value, `"`))
		}
		files = append(files, f)
		return nil
	})
	require.NoError(t, err)
	return files
}

// The rules name packages by hand; this catches a rule that a rename left
// without anything to hold.
func TestRulesOfExistingTreesMatchSomething(t *testing.T) {
	for _, dir := range []string{"loadgen", "loadgen/pace", "runs/judge", "loadgen/httpengine", "receiver/loadgenreceiver/internal/span", "processor/tracejoinprocessor/internal/join"} {
		_, err := build.ImportDir(filepath.Join("..", "..", dir), 0)
		require.NoError(t, err)
	}
}

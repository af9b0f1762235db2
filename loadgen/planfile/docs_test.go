package planfile

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/yamlbound"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
)

const (
	reference = "../../docs/plan.md"
	examples  = "../../examples/plans"
)

func TestEveryExamplePlanIsGood(t *testing.T) {
	paths, err := filepath.Glob(examples + "/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 5)
	for _, path := range paths {
		_, err := Load(path)
		assert.NoError(t, err)
	}
}

func TestEveryPlanInTheDocumentationIsGood(t *testing.T) {
	text := readReference(t)
	for _, page := range []string{"README.md", "docs/run.md", "docs/verdict.md"} {
		src, err := os.ReadFile("../../" + page)
		require.NoError(t, err)
		assert.Contains(t, string(src), "```yaml\n", "%s has no plan", page)
		text += string(src)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1)
	require.GreaterOrEqual(t, len(blocks), 12)
	for _, block := range blocks {
		src := block[1]
		if strings.HasPrefix(src, "- ") { // stages only
			src = "attacks:\n- http: {url: http://127.0.0.1:8080/}\n  load:\n  " + strings.ReplaceAll(src, "\n", "\n  ")
		}
		_, err := Parse(examples+"/reference.yaml", []byte(src), Env(func(string) (string, bool) { return "", false }))
		assert.NoError(t, err, src)
	}
}

func TestTheReferenceShowsFaultsAsTheyAre(t *testing.T) {
	src := []byte("attacks:\n  - name: a\n    http:\n      url: http://127.0.0.1:8080/\n      timeout: 10\n    load:\n      - constant: 1/s\n        durration: 10s\n")
	_, err := Parse("plan.yaml", src)
	assert.Contains(t, readReference(t), "```text\n"+Explain(err, src)+"```\n")
}

func TestTheReferenceHasEachKeyAndItsDefault(t *testing.T) {
	documented := map[string]string{}
	for line := range strings.Lines(readReference(t)) {
		if cells := strings.Split(line, " | "); len(cells) == 5 && strings.HasPrefix(line, "| `") {
			key := strings.Trim(cells[0], "|` ")
			require.NotContains(t, documented, key, "documented twice")
			documented[key] = cells[2]
			assert.NotEmpty(t, strings.Trim(cells[4], " |\n"), "example of %s", key)
		}
	}
	actual := map[string]string{}
	for _, attack := range []loadgen.Attack{
		{HTTP: &loadgen.HTTP{}},
		{HTTP: &loadgen.HTTP{Targets: &loadgen.Targets{File: "x"}}},
		{GRPC: &loadgen.GRPC{KeepAlive: loadgen.KeepAlive{Time: 1}}},
	} {
		plan := &loadgen.Plan{Attacks: []loadgen.Attack{attack}, Profiles: &loadgen.Profiles{}}
		Defaults(plan)
		collectDefaults(reflect.ValueOf(plan).Elem(), "", actual)
	}
	for key, preset := range actual {
		require.Contains(t, documented, key)
		given := key == "attacks[].http.targets.file" || key == "attacks[].grpc.keep_alive.time" // above
		if preset == "" || given {
			assert.Regexp(t, "^(none|required.*|see below|`0`|`false`)$", documented[key], key)
		} else {
			assert.Contains(t, documented[key], "`"+preset+"`", key)
		}
	}
	for key := range documented {
		assert.Contains(t, actual, key, "documented, but no key")
	}
}

// collectDefaults fills in the default of every key below a value of a plan,
// empty where it is the type's zero.
func collectDefaults(v reflect.Value, path string, into map[string]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		collectDefaults(v.Elem(), path, into)
	case reflect.Struct:
		for _, f := range fieldsOf(v.Type()) {
			key := join(path, f.key)
			if into[key] == "" {
				into[key] = ""
			}
			collectDefaults(v.Field(f.index), key, into)
		}
	case reflect.Slice:
		element := reflect.New(v.Type().Elem()).Elem()
		if v.Len() > 0 {
			element = v.Index(0)
		}
		collectDefaults(element, path+"[]", into)
	case reflect.Map:
	default:
		if !v.IsZero() {
			into[path] = shown(v)
		}
	}
}

func TestTheReferenceStatesTheBounds(t *testing.T) {
	text := readReference(t)
	for of, most := range map[string]string{
		"a plan file": fmt.Sprintf("%d MiB", maxSource>>20),
		"its text and values after aliases are replaced": fmt.Sprintf("%d MiB, with %d bytes counted for each value", maxExpanded>>20, nodeCost),
		"levels of nesting":   fmt.Sprint(yamlbound.MaxDepth),
		"keys of one mapping": fmt.Sprint(yamlbound.MaxKeys),
		"a key":               fmt.Sprintf("%d bytes", yamlbound.MaxKey),
		"attacks":             fmt.Sprint(maxAttacks),
		"thresholds":          fmt.Sprint(maxThresholds),
		"thresholds, each stage counted for those with `stage: each`": fmt.Sprint(maxChecks),
		"faults listed": fmt.Sprint(maxFaults),
		"`workers` and `max_workers` of an attack":                                            thousands(maxWorkers),
		"`workers` of all attacks together; those of `max` where all stages are closed loops": thousands(maxWorkers),
		"`http.connections` and `http.max_connections`":                                       thousands(maxConnections),
		"`grpc.connections` of all attacks together":                                          thousands(maxGRPCConnections),
		"`http.redirects`":       thousands(maxRedirects),
		"`grpc.stream.messages`": thousands(maxMessages),
		"a targets file":         mebibytes(infile.MaxTargets),
		"a body's file":          mebibytes(infile.MaxBody),
		"all files of bodies that a targets file names": mebibytes(1 << 30),
		"a file of certificates or of a key":            mebibytes(infile.MaxPEM),
		"a `.proto` file, and each that it imports":     mebibytes(infile.MaxProto),
		"a protoset":                    mebibytes(infile.MaxProtoset),
		"`data_file` and `binary_file`": mebibytes(infile.MaxMessages),
	} {
		assert.Contains(t, text, "| "+of+" | "+most+" |\n")
	}
}

func mebibytes(n int) string { return fmt.Sprintf("%s bytes (%d MiB)", thousands(n), n>>20) }

// thousands is a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return thousands(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

func readReference(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(reference)
	require.NoError(t, err)
	return string(text)
}

package summaryfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const small = `{"run_id": "r%d", "attacks": [{"name": "a"}]}`

func put(t *testing.T, dir, name, text string) string {
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestSummariesAreReadFromFilesDirectoriesAndStreams(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, "[x]*")
	require.NoError(t, os.Mkdir(odd, 0o700))
	put(t, odd, "1.json", fmt.Sprintf(small, 1))
	put(t, odd, "0.json", fmt.Sprintf(small, 0))
	put(t, odd, "notes.txt", "nothing")
	file := put(t, dir, "two", fmt.Sprintf(small, 2)+"\nError: undecided: a reason\n"+fmt.Sprintf(small, 3)+"\n")
	stdin := strings.NewReader("a line of a log\n  " + fmt.Sprintf(small, 4) + "and the rest of it")
	got, err := NewReader(stdin).Read([]string{odd, file, "-"})
	require.NoError(t, err)
	var all []string
	for _, in := range got {
		all = append(all, in.Summary.RunID+" "+filepath.Base(in.From))
	}
	assert.Equal(t, []string{"r0 0.json", "r1 1.json", "r2 two", "r3 two (2)", "r4 standard input"}, all)
}

func TestWhatIsNoSummaryIsNamed(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"":                         "has no summary of a run",
		"no JSON":                  "has no summary of a run",
		fmt.Sprintf(small, 1)[:30]: "is no summary of a run: it is truncated",
		fmt.Sprintf(small, 1) + fmt.Sprintf(small, 1)[:30]: "it is truncated",
		"{}": "it has no run_id or no attacks",
		`{"run_id": "1", "attacks": [{"requests": {"ok": -1}}]}`:              "cannot unmarshal number -1",
		`{"run_id": "1", "attacks": [{"requests": {"ok": 1e99}}]}`:            "cannot unmarshal number 1e99",
		`{"run_id": "1", "attacks": [{"requests": {"ok": NaN}}]}`:             "invalid character 'N'",
		`{"run_id": "1", "attacks": [` + strings.Repeat("{},", 1001) + `{}]}`: "more than 1000 attacks",
		strings.Repeat("{", 300_001):                                          "more than 300000 objects",
		strings.Repeat("[", 1<<20):                                            "has no summary of a run",
	} {
		path := put(t, dir, "x.json", text)
		_, err := NewReader(nil).Read([]string{path})
		require.ErrorContains(t, err, want)
		assert.Contains(t, err.Error(), "x.json")
	}
	_, err := NewReader(nil).Read([]string{t.TempDir(), filepath.Join(dir, "none")})
	assert.ErrorContains(t, err, "has no *.json files")
	assert.ErrorContains(t, err, "no such file")
}

func TestAFileWithoutEndIsNotReadToItsEnd(t *testing.T) {
	_, err := NewReader(endless{}).Read([]string{"-"})
	assert.ErrorContains(t, err, "standard input is longer than 64 MiB")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

var _ io.Reader = endless{}

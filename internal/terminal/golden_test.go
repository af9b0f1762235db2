package terminal

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// requireGolden compares text with testdata/name. With -update it writes the file
// and fails, so that it is never mistaken for a check.
func requireGolden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		t.Errorf("wrote %s", path)
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// text is what draw writes.
func text(draw func(*bytes.Buffer)) string {
	var b bytes.Buffer
	draw(&b)
	return b.String()
}

package report

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
)

// TestPages writes the pages that the tests in a browser open, if PAGES names a directory
// for them.
func TestPages(t *testing.T) {
	dir := os.Getenv("PAGES")
	if dir == "" {
		t.Skip("PAGES is not set")
	}
	write := func(name string, a, b *Data) {
		f, err := os.Create(filepath.Join(dir, name+".html"))
		require.NoError(t, err)
		require.NoError(t, HTML(f, a, b))
		require.NoError(t, f.Close())
	}
	write("one", example(), nil)
	write("several", severalAttacks(1), nil)
	write("against", severalAttacks(1), severalAttacks(2))
	write("empty", newSample("validate").data(), nil)
	s := newSample("validate")
	s.flow(0, 1, time.Millisecond)
	write("single", s.data(), nil)
	write("hostile", hostile(plaintexttest.Texts[2]), nil)
}

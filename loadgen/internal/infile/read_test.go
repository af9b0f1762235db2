package infile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAFileIsReadUpToItsLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for size, want := range map[int]string{0: "", 9: "", 10: "", 11: "longer than 10 bytes", 100: "longer than 10 bytes"} {
		text := strings.Repeat("x", size)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		got, err := Read(t.Context(), path, 10)
		if want == "" {
			require.NoError(t, err)
			assert.Equal(t, text, string(got))
			assert.NoError(t, Check(path, 10))
			continue
		}
		for _, err := range []error{err, Check(path, 10)} {
			long, ok := errors.AsType[*TooLong](err)
			require.True(t, ok, "%v", err)
			assert.EqualError(t, long, path+" is "+want)
		}
	}
}

func TestLimitsAreNamedInTheirUnit(t *testing.T) {
	assert.EqualError(t, &TooLong{"f", MaxBody}, "f is longer than 128 MiB")
	assert.EqualError(t, &TooLong{"f", 1<<20 + 1}, "f is longer than 1048577 bytes")
}

func TestAFileWithoutEndIsReadUpToItsLimit(t *testing.T) {
	_, err := Read(t.Context(), "/dev/zero", 1<<20)
	assert.EqualError(t, err, "/dev/zero is longer than 1 MiB")
	assert.NoError(t, Check("/dev/zero", 1<<20), "what a device holds is not known before it is read")
}

func TestWhatIsNoFileIsSo(t *testing.T) {
	dir := t.TempDir()
	assert.ErrorIs(t, Check(dir, 1), os.ErrInvalid)
	assert.ErrorIs(t, Check(filepath.Join(dir, "none"), 1), os.ErrNotExist)
	_, err := Read(t.Context(), filepath.Join(dir, "none"), 1)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

var errEnough = errors.New("enough")

// A pipe without a writer cannot be opened, and one whose writer says nothing cannot be
// read.
func TestAPipeIsReadNoLongerThanItsContextLasts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	assert.NoError(t, Check(path, 1), "to open it would wait for its writer")

	ctx, cancel := context.WithCancelCause(t.Context())
	opened := make(chan error, 1)
	go func() {
		_, err := Read(ctx, path, 10)
		opened <- err
	}()
	cancel(errEnough)
	assert.ErrorIs(t, <-opened, errEnough)

	writer, err := os.OpenFile(path, os.O_RDWR, 0) // gives way to who was left behind, and is a writer
	require.NoError(t, err)
	ctx, cancel = context.WithCancelCause(t.Context())
	go func() {
		_, err := Read(ctx, path, 10)
		opened <- err
	}()
	cancel(errEnough)
	assert.ErrorIs(t, <-opened, errEnough)

	_, err = writer.WriteString(strings.Repeat("x", 100))
	require.NoError(t, err)
	_, err = Read(t.Context(), path, 10)
	assert.ErrorContains(t, err, "longer than 10 bytes", "though its writer goes on")
	require.NoError(t, writer.Close())
}

func TestWhatIsOpenAlreadyIsReadNoLongerThanItsContextLasts(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	read := make(chan error, 1)
	go func() {
		_, err := ReadFrom(ctx, r, "standard input", 10)
		read <- err
	}()
	cancel(errEnough)
	assert.EqualError(t, <-read, "read standard input: enough")
	_, err := ReadFrom(ctx, r, "standard input", 10)
	assert.ErrorIs(t, err, errEnough, "nothing is begun any more")
	got, err := ReadFrom(t.Context(), strings.NewReader("plan"), "standard input", 10)
	require.NoError(t, err)
	assert.Equal(t, "plan", string(got))
}

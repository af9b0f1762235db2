package archive_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// onDisk has the test binary be a process with a file system of its own: small, or
// read-only.
const onDisk = "LOADTRACE_TEST_DISK"

// diskBytes is the room of a small file system.
const diskBytes = 400 << 10

func TestAnArchiveOnADiskThatFillsUpIsReadableAndSaysWhatItLacks(t *testing.T) { inMount(t, "small") }

func TestAReadOnlyFileSystemIsSaidSoBeforeTheRun(t *testing.T) { inMount(t, "read-only") }

// inMount runs a check as the root of a user and a mount namespace of its own.
func inMount(t *testing.T, check string) {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), onDisk+"="+check, "LOADTRACE_TEST_DIR="+t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// checkOnDisk is that process. It panics where something does not hold.
func checkOnDisk(check string) {
	dir := os.Getenv("LOADTRACE_TEST_DIR")
	options, flags := fmt.Sprintf("size=%d", diskBytes), uintptr(0)
	if check == "read-only" {
		flags = unix.MS_RDONLY
	}
	must(unix.Mount("tmpfs", dir, "tmpfs", flags, options))
	if check == "read-only" {
		if err := archive.Writable(filepath.Join(dir, "runs")); err == nil {
			panic("a read-only file system can be written")
		}
		if _, err := archive.Create(filepath.Join(dir, "runs"), start(), 0); err == nil {
			panic("an archive was made on a read-only file system")
		}
		os.Exit(0)
	}
	fillDisk(dir)
	os.Exit(0)
}

func fillDisk(dir string) {
	s := start()
	w, err := archive.Create(dir, s, 0)
	must(err)
	const n = 40_000
	for i := range uint64(n) {
		w.Record(record(s, i, time.Millisecond+time.Duration(i*7919%1_000_003)))
		if i%1000 == 0 {
			must(w.Flush(context.Background()))
		}
	}
	must(w.Flush(context.Background()))
	if faults := w.Faults(); len(faults) != 1 {
		panic(fmt.Sprint("faults: ", faults))
	}
	_ = w.Conclude(&summary.Summary{RunID: runID.String()}) // there may be no room for it
	_ = w.Close(context.Background())
	run, err := archive.Open(w.Dir())
	must(err)
	read := int64(0)
	for _, err := range run.Requests() {
		must(err)
		read++
	}
	rows := w.Rows()
	if run.Info().Complete || read == 0 || read != rows.Requests || rows.Requests+rows.RequestsDropped != n {
		panic(fmt.Sprintf("complete %v, read %d, rows %+v", run.Info().Complete, read, rows))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

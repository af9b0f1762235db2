package parent

import (
	"context"
	"os"
	"os/signal"
	"runtime"

	"golang.org/x/sys/unix"
)

// await asks the kernel for a signal at the parent's death, so that the wait for
// the next look is cut short.
//
// Subtle: the request is the thread's, and the signal comes when the parent's
// *thread* that forked us ends, which is not always the parent's end. So the
// thread is held for as long as we watch, the signal is not taken at its word but
// makes us look, and it is one that nothing else here uses.
func await(ctx context.Context, gone func() bool) bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signalled := make(chan os.Signal, 1)
	signal.Notify(signalled, unix.SIGUSR1)
	defer signal.Stop(signalled)
	// Should the kernel refuse, looking once a second still does.
	_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGUSR1), 0, 0, 0)
	defer func() { _ = unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) }()
	return poll(ctx, gone, signalled)
}

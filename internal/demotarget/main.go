package demotarget

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/loadtrace/loadtrace/internal/demotarget/parent"
)

// Exit codes of Main.
const (
	exitOK    = 0
	exitFault = 1 // it could not start, or could not go on
	exitUsage = 2
)

// Main runs the demo service until ctx ends, and returns the exit code: 0 after
// an orderly stop, 1 when it cannot listen or serve, 2 for bad flags. args are
// without the program's name. When all listeners are up it writes one line of
// JSON, Addresses, to stdout. The log goes to stderr.
//
// It returns within three seconds of the end of ctx.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, usage, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "target: %v\n\n", err)
		usage(stderr)
		return exitUsage
	}
	if o.exitWithParent {
		watched, stop := parent.Watch(ctx)
		defer stop()
		ctx = watched
	}
	o.telemetry.Output = stderr
	if err := run(ctx, o, stdout); err != nil {
		fmt.Fprintf(stderr, "target: %v\n", err)
		return exitFault
	}
	return exitOK
}

func run(ctx context.Context, o options, stdout io.Writer) error {
	e, err := o.exporters()
	if err != nil {
		return err
	}
	t, err := start(o, e)
	if err != nil {
		return err
	}
	defer t.stop()
	if err := json.NewEncoder(stdout).Encode(t.addresses); err != nil {
		return fmt.Errorf("print the addresses: %w", err)
	}
	select {
	case <-ctx.Done():
		t.telemetry.Log.Info("stopping", "reason", context.Cause(ctx))
		return nil
	case fault := <-t.faults:
		return fault
	}
}

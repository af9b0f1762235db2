package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// storeLimit bounds the traces that are kept for the terminal, in bytes.
const storeLimit = 64 << 20

// explain draws the slowest request whose server spans are there.
func (r *planRun) explain(sum summary.Summary) error {
	var text bytes.Buffer
	if spans := r.store.Slowest(&sum); spans == nil {
		fmt.Fprintln(&text, "\nNo slow request has a server span: the target's telemetry did not arrive.")
	} else {
		fmt.Fprintln(&text, "\nOne slow request, from the generator to the last span of the target:")
		fmt.Fprintln(&text)
		terminal.Explain(&text, terminal.SpansOf(spans, time.Now()), r.screen.options(r.stdout))
		if n := r.store.Cut(spans[0].TraceID()); n > 0 {
			fmt.Fprintf(&text, "\n%d more spans of the trace are not shown: it is too large.\n", n)
		}
	}
	if _, err := r.stdout.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the slow request: %w", err)
	}
	return nil
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/loadtrace/loadtrace/internal/session/tracestore"
	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// storeLimit bounds the traces that are kept for the terminal, in bytes.
const storeLimit = 64 << 20

// explain draws the slowest request whose server spans are there.
func explain(w io.Writer, store *tracestore.Store, sum *summary.Summary, options terminal.Options) error {
	var text bytes.Buffer
	if spans := store.Slowest(sum); spans == nil {
		fmt.Fprintln(&text, "\nNo slow request has a server span: the target's telemetry did not arrive.")
	} else {
		fmt.Fprintln(&text, "\nOne slow request, from the generator to the last span of the target:")
		fmt.Fprintln(&text)
		terminal.Explain(&text, terminal.SpansOf(spans, time.Now()), options)
		if n := store.Cut(spans[0].TraceID()); n > 0 {
			fmt.Fprintf(&text, "\n%d more spans of the trace are not shown: it is too large.\n", n)
		}
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the slow request: %w", err)
	}
	return nil
}

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// printLines writes text of our own, of which parts may be from outside, to a terminal or
// a log. The text may have several lines; a part from outside that must not begin one is
// a plaintext.Line before.
func printLines(w io.Writer, format string, args ...any) {
	io.WriteString(w, plaintext.Lines(fmt.Sprintf(format, args...))+"\n")
}

// printJSON writes a value as JSON that a terminal shows as it is.
func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(plaintext.JSON(text), '\n'))
	return err
}

// Package starterplan has a commented plan to start from. It runs as it stands against
// the demo service at its default address.
package starterplan

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
)

// Text is the plan.
//
//go:embed plan.yaml
var Text string

// Write writes the plan to a file, or to stdout for the path -. A file that is there is
// an error, os.ErrExist, unless it is to be overwritten.
func Write(path string, overwrite bool, stdout io.Writer) error {
	if path == "-" {
		_, err := io.WriteString(stdout, Text)
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if overwrite {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, mode, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(file, Text); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), file.Close())
	}
	return file.Close()
}

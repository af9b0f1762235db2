package main

import (
	"fmt"
	"io"
	"os"
)

// Bounds of the files that commands read, in bytes.
const (
	maxHeaderFile  = 64 << 10
	maxLintFile    = 1 << 20 // of a configuration, and of rules
	maxSummaryFile = 32 << 20
)

// readFile returns what a file holds, or an error that names it if that is more than most
// bytes, as of a device without end.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s is longer than %d KiB", path, most>>10)
	}
	return text, err
}

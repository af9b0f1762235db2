package archive

import (
	"fmt"
	"os"
	"path/filepath"
)

// DefaultRoot is the folder of archives where none is named: loadtrace/runs in the user's
// folder of state, by the XDG Base Directory Specification 0.8.
func DefaultRoot(env func(string) string, home func() (string, error)) (string, error) {
	if state := env("XDG_STATE_HOME"); filepath.IsAbs(state) { // others are to be ignored
		return filepath.Join(state, "loadtrace", "runs"), nil
	}
	dir, err := home()
	if err != nil {
		return "", fmt.Errorf("find the folder of archives: %w", err)
	}
	return filepath.Join(dir, ".local", "state", "loadtrace", "runs"), nil
}

// Writable makes a folder of archives, unless it is there, and reports whether files can
// be made in it.
func Writable(root string) error {
	if err := os.MkdirAll(root, dirPerm); err != nil {
		return fmt.Errorf("make the folder of archives: %w", err)
	}
	f, err := os.CreateTemp(root, ".try-*"+part)
	if err != nil {
		return fmt.Errorf("write to the folder of archives: %w", err)
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return fmt.Errorf("write to the folder of archives: %w", err)
	}
	return nil
}

package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Entry is an archive in a folder of archives.
type Entry struct {
	Dir  string
	Info *Info // nil if Err
	Size int64 // bytes of all files
	// Changed is when a file of it was last written.
	Changed time.Time
	// Err is why the archive cannot be read.
	Err error
}

// List finds the archives in a folder, the latest first. Folders without run.json are left
// out, and a root that does not exist has none.
func List(root string) ([]Entry, error) {
	children, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the archives: %w", err)
	}
	var entries []Entry
	for _, child := range children {
		if !child.IsDir() {
			continue
		}
		e := Entry{Dir: filepath.Join(root, child.Name())}
		run, err := Open(e.Dir)
		if errors.Is(err, ErrNotArchive) || errors.Is(err, fs.ErrPermission) {
			continue
		}
		if e.Err = err; err == nil {
			e.Info = run.info
		}
		e.Size, e.Changed = extent(e.Dir)
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b Entry) int { return b.began().Compare(a.began()) })
	return entries, nil
}

// began is when the run began, or of an archive that cannot be read when it was written.
func (e *Entry) began() time.Time {
	if e.Info != nil {
		return e.Info.Began
	}
	return e.Changed
}

// extent is the size of all files below a folder and when one was last written. What goes
// away meanwhile is not counted.
func extent(dir string) (size int64, changed time.Time) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
			if info.ModTime().After(changed) {
				changed = info.ModTime()
			}
		}
		return nil
	})
	return size, changed
}

// Last is a name that stands for the run that began last.
const Last = "last"

// Find is the folder of the archive that a name stands for: a path of a folder that is one,
// or, of those in root, Last, or the run's id or a beginning of it that no other has.
func Find(root, name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) || name == "." || name == ".." {
		return name, nil
	}
	entries, err := List(root)
	if err != nil {
		return "", err
	}
	var found []Entry
	for _, e := range entries {
		switch {
		case name == Last && e.Err == nil:
			return e.Dir, nil
		case filepath.Base(e.Dir) == name:
			return e.Dir, nil
		case name != "" && e.Info != nil && strings.HasPrefix(e.Info.RunID, strings.ToLower(name)):
			found = append(found, e)
		}
	}
	switch len(found) {
	case 1:
		return found[0].Dir, nil
	case 0:
		if name == Last {
			return "", fmt.Errorf("no run is archived in %s; loadtrace run archives one", root)
		}
		return "", fmt.Errorf("run %q: no archive of %s has that id", name, root)
	}
	var dirs []string
	for _, e := range found {
		dirs = append(dirs, filepath.Base(e.Dir))
	}
	return "", fmt.Errorf("run %q: several archives of %s have that id: write one of %s", name, root, strings.Join(dirs, ", "))
}

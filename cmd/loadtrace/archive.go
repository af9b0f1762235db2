package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// noArchive is the value of --archive that disables it.
const noArchive = "none"

// archiving is the flag --archive.
type archiving struct {
	flags *pflag.FlagSet
	given string
}

func (a *archiving) addTo(flags *pflag.FlagSet) {
	a.flags = flags
	flags.StringVar(&a.given, "archive", "", "archive the run in a folder of its own in this `directory`, or none (default $XDG_STATE_HOME/loadtrace/runs, or ~/.local/state/loadtrace/runs)")
}

func (a *archiving) asked() bool {
	return a.flags != nil && a.flags.Changed("archive") && a.given != noArchive
}

// chooseArchive decides where the run is archived. Without the flag, a run
// that cannot be archived goes on without.
func (r *planRun) chooseArchive() error {
	a := &r.archiving
	switch {
	case a.given == noArchive || a.flags == nil:
		return nil
	case a.asked() && a.given == "":
		return badinput.Error(errors.New("--archive: is empty; name a directory, or none"))
	case len(r.configs) > 0 && a.asked():
		return badinput.Error(errors.New("--archive and --config exclude each other: put the exporter run_archive into the configuration"))
	case len(r.configs) > 0:
		return nil
	}
	root, err := a.given, error(nil)
	if root == "" {
		root, err = archive.DefaultRoot(os.Getenv, os.UserHomeDir)
	}
	if err == nil {
		if root, err = filepath.Abs(root); err == nil {
			err = archive.Writable(root)
		}
	}
	switch {
	case err == nil:
		r.Archive = root
	case a.asked():
		return badinput.Error(fmt.Errorf("--archive: %w; name a directory that can be written, or none", err))
	default:
		r.note("The run is not archived: " + plaintext.Line(err.Error()) + "; --archive names another directory.")
	}
	return nil
}

// sayArchive says where the run is.
func (r *planRun) sayArchive(run, dir string) {
	if dir != "" {
		r.note(fmt.Sprintf("Run %s is archived in %s", run, plaintext.Line(dir)))
	}
}

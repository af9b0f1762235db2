package archive

import (
	"errors"
	"iter"
)

// ErrNotArchive is of a folder that has no run.json.
var ErrNotArchive = errors.New("it holds no archive of a run (no run.json)")

// Run is an archive that was opened. It holds no file open between calls, so that it needs
// no Close, and may be read by several goroutines.
type Run struct {
	dir  string
	info *Info
}

// Open reads the archive in a folder. An archive whose writer was killed, or is still at
// work, opens with what was written until now, and Info says that it is incomplete.
func Open(dir string) (*Run, error) { panic("to be written") }

// Dir is the folder of the archive.
func (r *Run) Dir() string { return r.dir }

// Info is what run.json says. It must not be changed.
func (r *Run) Info() *Info { return r.info }

// Requests yields the rows of the requests in the order of attack and sequence number.
// With columns it reads those only, and leaves the other fields zero; AttackIndex and Seq
// are always read. The row is valid until the next one. An error is the last that is
// yielded, with a nil row.
func (r *Run) Requests(columns ...string) iter.Seq2[*Request, error] { panic("to be written") }

// Runtime yields the samples of the targets' runtimes. It yields as Requests does.
func (r *Run) Runtime() iter.Seq2[*Sample, error] { panic("to be written") }

// Logs yields the lines of the targets' logs. It yields as Requests does.
func (r *Run) Logs() iter.Seq2[*Line, error] { panic("to be written") }

// Entry is an archive in a folder of archives.
type Entry struct {
	Dir  string
	Info *Info // nil if Err
	Size int64 // bytes of all files
	// Err is why the archive cannot be read.
	Err error
}

// List finds the archives below a folder, the latest first. Folders without run.json are
// left out, and a root that does not exist has none.
func List(root string) ([]Entry, error) { panic("to be written") }

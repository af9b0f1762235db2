package archive

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// shelf writes the segments of one kind of rows. A segment has its name when all of it is
// on the disk, so that whatever happens, each that is there is whole.
type shelf[T any] struct {
	dir    string
	writer *rowWriter[T]
	space  *space
	next   int
	rows   int64 // written
	lost   int64 // that could not be
	why    error // the first reason
}

// space is the room that an archive has, in bytes.
type space struct{ used, limit int64 }

func newShelf[T any](dir string, t *table[T], s *space) *shelf[T] {
	return &shelf[T]{dir: dir, writer: newRowWriter(t, quick, segmentPage), space: s}
}

// add writes a segment of n rows. If that fails the rows are lost, and the next segment
// tries anew.
func (s *shelf[T]) add(n int, fill func(*rowWriter[T]) error) {
	if err := s.write(fill); err != nil {
		s.lost += int64(n)
		if s.why == nil {
			s.why = err
		}
		return
	}
	s.rows += int64(n)
}

func (s *shelf[T]) write(fill func(*rowWriter[T]) error) error {
	if s.space.used >= s.space.limit {
		return fmt.Errorf("the archive has reached its limit of %d bytes", s.space.limit)
	}
	if s.next == 0 {
		if err := os.MkdirAll(s.dir, dirPerm); err != nil {
			return err
		}
	}
	path := filepath.Join(s.dir, fmt.Sprintf("%06d%s", s.next, extension))
	err := replace(path, func(f *os.File) error {
		s.writer.begin(f)
		if err := fill(s.writer); err != nil {
			return err
		}
		if err := s.writer.end(); err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			s.space.used += info.Size()
		}
		return err
	})
	if err == nil {
		s.next++
	}
	return err
}

// fault says in a sentence what is missing; empty if nothing is.
func (s *shelf[T]) fault(what string, dropped int64) string {
	switch {
	case s.lost > 0:
		return fmt.Sprintf("the archive lacks %d %s that could not be written: %s", s.lost+dropped, what, plaintext.Line(s.why.Error()))
	case dropped > 0:
		return fmt.Sprintf("the archive lacks %d %s: the disk was slower than they came", dropped, what)
	}
	return ""
}

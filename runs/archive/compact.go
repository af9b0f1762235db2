package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// groupRows is how many rows a row group of a compacted file has: few enough to be in
// memory while it is written, and enough for a reader to read them quickly.
const groupRows = 100_000

// Compact makes of the segments of an archive one file of each kind, sorted, which other
// tools read at once. It is for archives that nobody writes to any more; one that was
// compacted stays as it is. Whenever it ends, the archive is readable and has all that it
// had: the end of ctx leaves the segments.
func Compact(ctx context.Context, dir string) error {
	if _, err := Open(dir); err != nil {
		return err
	}
	for _, one := range []func() error{
		func() error { return compactRequests(ctx, dir) },
		func() error { return compactRows(ctx, dir, sampleTable, runtimeFile, runtimeDir) },
		func() error { return compactRows(ctx, dir, lineTable, logsFile, logsDir) },
	} {
		if err := one(); err != nil {
			return fmt.Errorf("compact the archive %s: %w", dir, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, segments)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("compact the archive %s: %w", dir, err)
	}
	return nil
}

func compactRequests(ctx context.Context, dir string) error {
	records, joined := filepath.Join(dir, recordsDir), filepath.Join(dir, joinedDir)
	err := compactInto(filepath.Join(dir, requestsFile), requestTable, func(to *rowWriter[Request]) error {
		recordFiles, err := segmentsIn(records)
		if err != nil {
			return err
		}
		joinedFiles, err := segmentsIn(joined)
		if err != nil {
			return err
		}
		rows, err := newJoiner(recordFiles, joinedFiles, nil)
		if err != nil {
			return err
		}
		defer rows.close()
		return copyRequests(ctx, to, rows)
	})
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(records), os.RemoveAll(joined))
}

// copyRequests writes rows; those of two attacks are never in one row group.
func copyRequests(ctx context.Context, to *rowWriter[Request], rows *joiner) error {
	batch, inGroup := make([]Request, 0, writeBatch), 0
	flush := func() error {
		err := errors.Join(to.write(batch), ctx.Err())
		inGroup += len(batch)
		batch = batch[:0]
		return err
	}
	var row Request
	for attack := -1; ; attack = row.AttackIndex {
		err := rows.next(&row)
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		next := !end && attack != row.AttackIndex
		if end || next || len(batch) == cap(batch) {
			if err := flush(); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
		if next || inGroup >= groupRows {
			if err := to.group(); err != nil {
				return err
			}
			inGroup = 0
		}
		batch = append(batch, row)
	}
}

func compactRows[T any](ctx context.Context, dir string, t *table[T], name, from string) error {
	from = filepath.Join(dir, from)
	err := compactInto(filepath.Join(dir, name), t, func(to *rowWriter[T]) error {
		files, err := segmentsIn(from)
		if err != nil {
			return err
		}
		batch, inGroup := make([]T, 0, writeBatch), 0
		flush := func() error {
			err := errors.Join(to.write(batch), ctx.Err())
			if inGroup += len(batch); err == nil && inGroup >= groupRows {
				err, inGroup = to.group(), 0
			}
			batch = batch[:0]
			return err
		}
		err = eachRow(t, files, func(row *T) error {
			if batch = append(batch, *row); len(batch) == cap(batch) {
				return flush()
			}
			return nil
		})
		return errors.Join(err, flush())
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(from)
}

// compactInto writes a file, unless there is one.
func compactInto[T any](path string, t *table[T], fill func(*rowWriter[T]) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	return replace(path, func(f *os.File) error {
		w := newRowWriter(t, thorough, keptPage)
		w.begin(f)
		if err := fill(w); err != nil {
			return err
		}
		return w.end()
	})
}

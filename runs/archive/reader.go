package archive

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/loadtrace/loadtrace/loadgen"
)

// ErrNotArchive is of a folder that has no run.json.
var ErrNotArchive = errors.New("no archive of a run is there (no run.json)")

// Run is an archive that was opened. It holds no file open between calls, so that it needs
// no Close, and may be read by several goroutines.
type Run struct {
	dir  string
	id   loadgen.RunID
	info *Info
}

// Open reads the archive in a folder. An archive whose writer was killed, or is still at
// work, opens with what was written until now, and Info says that it is incomplete.
func Open(dir string) (*Run, error) {
	info, err := readInfo(filepath.Join(dir, infoFile))
	if err != nil {
		return nil, fmt.Errorf("open the archive %s: %w", dir, err)
	}
	id, err := loadgen.ParseRunID(info.RunID)
	if err != nil {
		return nil, fmt.Errorf("open the archive %s: %s: run_id: %w", dir, infoFile, err)
	}
	return &Run{dir: dir, id: id, info: info}, nil
}

// Dir is the folder of the archive.
func (r *Run) Dir() string { return r.dir }

// ID names the run.
func (r *Run) ID() loadgen.RunID { return r.id }

// Info is what run.json says. It must not be changed.
func (r *Run) Info() *Info { return r.info }

// Requests yields the rows of the requests in the order of attack and sequence number.
// With columns it reads those only, and leaves the other fields zero; AttackIndex and Seq
// are always read. The row is valid until the next one. An error is the last that is
// yielded, with a nil row.
func (r *Run) Requests(columns ...string) iter.Seq2[*Request, error] {
	return func(yield func(*Request, error) bool) {
		rows, err := r.requests(columns)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.close()
		var row Request
		for {
			switch err := rows.next(&row); {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, r.reading(err))
				return
			}
			row.Run = r.id
			if !yield(&row, nil) {
				return
			}
		}
	}
}

func (r *Run) requests(columns []string) (*joiner, error) {
	wanted, err := choose(columns)
	if err != nil {
		return nil, err
	}
	records, compacted, err := r.either(requestsFile, recordsDir)
	if err != nil {
		return nil, r.reading(err)
	}
	var joined []string
	if !compacted {
		if joined, err = segmentsIn(filepath.Join(r.dir, joinedDir)); err != nil {
			return nil, r.reading(err)
		}
	}
	rows, err := newJoiner(records, joined, wanted)
	if err != nil {
		return nil, r.reading(err)
	}
	return rows, nil
}

// choose makes a set of the names of columns; nil is all.
func choose(columns []string) (map[string]bool, error) {
	if len(columns) == 0 {
		return nil, nil
	}
	known := RequestColumns()
	wanted := map[string]bool{ColumnAttackIndex: true, ColumnSeq: true}
	for _, c := range columns {
		if !slices.Contains(known, c) {
			return nil, fmt.Errorf("column %q: requests.parquet has none of that name; the columns are %s", c, strings.Join(known, ", "))
		}
		wanted[c] = true
	}
	return wanted, nil
}

// Runtime yields the samples of the targets' runtimes. It yields as Requests does.
func (r *Run) Runtime() iter.Seq2[*Sample, error] {
	return inTurn(r, sampleTable, runtimeFile, runtimeDir)
}

// Logs yields the lines of the targets' logs. It yields as Requests does.
func (r *Run) Logs() iter.Seq2[*Line, error] {
	return inTurn(r, lineTable, logsFile, logsDir)
}

// inTurn yields the rows of a file, or of all segments in their order.
func inTurn[T any](r *Run, t *table[T], compacted, segments string) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		paths, _, err := r.either(compacted, segments)
		if err != nil {
			yield(nil, r.reading(err))
			return
		}
		err = eachRow(t, paths, func(row *T) error {
			if !yield(row, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, r.reading(err))
		}
	}
}

// errEnough ends eachRow.
var errEnough = errors.New("enough")

// eachRow visits the rows of files in turn. A row is valid until the next.
func eachRow[T any](t *table[T], paths []string, visit func(*T) error) error {
	var texts texts
	for _, path := range paths {
		file, closer, err := openFile(path)
		if err != nil {
			return err
		}
		for _, group := range file.RowGroups() {
			if err = eachRowOf(t, group, &texts, visit); err != nil {
				break
			}
		}
		closer.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func eachRowOf[T any](t *table[T], group parquet.RowGroup, texts *texts, visit func(*T) error) error {
	rows, err := newRowReader(t, group, nil, texts)
	if err != nil {
		return err
	}
	defer rows.close()
	var row, none T
	for {
		row = none
		err := rows.next(&row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = visit(&row)
		}
		if err != nil {
			return err
		}
	}
}

// reading says of an error what was read.
func (r *Run) reading(err error) error { return fmt.Errorf("read the archive %s: %w", r.dir, err) }

package convert

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/internal/figure"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/foreign"
)

// ImportOptions say how to import.
type ImportOptions struct {
	// Incomplete takes what is whole of a file that ends within a request.
	Incomplete bool
	Version    string // of loadtrace
}

// Imported is a run that was imported.
type Imported struct {
	Run      loadgen.RunID
	Dir      string // of its archive
	Requests uint64
	From     summary.Imported
	// Lacks is what the file had not all of, a sentence each.
	Lacks []string
}

// flushEvery is how many requests are given to an archive before it has to have them on
// the disk: it drops what comes too quickly.
const flushEvery = 4096

// Import makes an archived run, in a folder below root, of the results in a file. The id
// of the run follows from the content of the file, so that no file is imported twice.
func Import(ctx context.Context, path, root string, o ImportOptions) (*Imported, error) {
	src, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	in, err := newIntake(ctx, src, o)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", path, err)
	}
	out, err := in.archive(ctx, root, filepath.Base(path), o)
	if err != nil {
		return nil, fmt.Errorf("import %s: %w", path, err)
	}
	return out, nil
}

// openFile opens a file to be read several times, which a pipe cannot be.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file; write the results to one first, and name that", path)
	}
	return os.Open(path)
}

// intake is a file whose requests were looked through once.
type intake struct {
	file *foreign.File
	id   loadgen.RunID
	seen *survey
	cut  *foreign.Fault // the file ends within a request
}

func newIntake(ctx context.Context, src *os.File, o ImportOptions) (*intake, error) {
	file, err := foreign.Open(src)
	if err != nil {
		return nil, err
	}
	in := &intake{file: file, seen: newSurvey()}
	err = file.Each(func(r *foreign.Request) error {
		if in.seen.requests%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return in.seen.add(r)
	})
	if fault, is := errors.AsType[*foreign.Fault](err); is && fault.Truncated {
		in.cut = fault
		if !o.Incomplete && in.seen.requests > 0 {
			return nil, fmt.Errorf("%w; write --incomplete to import the %d before it", err, in.seen.requests)
		}
	} else if err != nil {
		return nil, err
	}
	if in.seen.requests == 0 {
		return nil, errors.New("no whole request is in it")
	}
	in.id, err = identify(src)
	return in, err
}

// identify makes the id of a run of a file's content.
func identify(src io.ReadSeeker) (id loadgen.RunID, err error) {
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return id, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, bufio.NewReaderSize(src, 256<<10)); err != nil {
		return id, err
	}
	copy(id[:], sum.Sum(nil))
	id[0] |= 1 // never zero
	return id, nil
}

// archive writes the run.
func (in *intake) archive(ctx context.Context, root, name string, o ImportOptions) (*Imported, error) {
	if err := in.imported(root); err != nil {
		return nil, err
	}
	plan := in.seen.plan(plaintext.Line(name))
	w, err := archive.Create(root, archive.Start{Run: in.id, Plan: plan, Began: in.seen.began, Version: o.Version}, 1<<50)
	if err != nil {
		return nil, err
	}
	sum := summary.New(plan, in.id, in.seen.began)
	out := &Imported{Run: in.id, Dir: w.Dir(), Requests: in.seen.requests, From: in.from(name), Lacks: in.lacks()}
	err = in.write(ctx, w, sum)
	if err == nil {
		err = w.Conclude(in.summary(sum, &out.From))
	}
	if err = errors.Join(err, w.Close(context.WithoutCancel(ctx))); err == nil {
		err = in.finish(ctx, w, out)
	}
	if err != nil {
		return nil, errors.Join(err, archive.Remove(w.Dir()))
	}
	return out, nil
}

// imported reports a file that was imported before.
func (in *intake) imported(root string) error {
	entries, err := archive.List(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Info != nil && e.Info.RunID == in.id.String() {
			return fmt.Errorf("it was imported before, as run %s; delete that first to import it again", in.id)
		}
	}
	return nil
}

// write passes on all requests.
func (in *intake) write(ctx context.Context, w *archive.Writer, sum *summary.Accumulator) error {
	n := uint64(0)
	next := make([]uint64, len(in.seen.attacks))
	err := in.file.Each(func(r *foreign.Request) error {
		rec := in.seen.record(r)
		rec.Seq = next[rec.Attack]
		next[rec.Attack]++
		w.Record(&rec)
		rec.Intended = rec.Sent // what follows from it is taken out of the summary
		sum.Add(&rec)
		if n++; n%flushEvery == 0 {
			return w.Flush(ctx)
		}
		return nil
	})
	if fault, is := errors.AsType[*foreign.Fault](err); is && fault.Truncated && in.cut != nil {
		err = nil
	}
	if err == nil && n != in.seen.requests {
		err = errors.New("it changed while it was read; import it when the tool that writes it has ended")
	}
	return err
}

// summary is the result of the run.
func (in *intake) summary(of *summary.Accumulator, from *summary.Imported) *summary.Summary {
	accounts := make([]runner.Account, len(in.seen.attacks))
	rates := make([]float64, len(accounts))
	for i, a := range in.seen.attacks {
		accounts[i] = runner.Account{Planned: a.requests, Given: a.requests, Recorded: a.requests, Begun: true, Ended: true, Target: a.target()}
		rates[i] = figure.Round(a.rate())
	}
	sum := of.Summary(in.seen.end, summary.Conclusion{Accounts: accounts})
	sum.Foreign(from, rates, figure.Round(in.seen.all.rate()))
	return &sum
}

// finish makes files of the archive that other tools read, and notes what it lacks.
func (in *intake) finish(ctx context.Context, w *archive.Writer, out *Imported) error {
	if lost := w.Rows().RequestsDropped; lost > 0 {
		return fmt.Errorf("%d requests could not be written", lost)
	}
	if len(out.Lacks) > 0 {
		if err := archive.Amend(w.Dir(), func(info *archive.Info) {
			info.Complete, info.Incomplete = false, append(info.Incomplete, out.Lacks...)
		}); err != nil {
			return err
		}
	}
	return archive.Compact(ctx, w.Dir())
}

package session

import (
	"context"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// archiveType is the component type of the exporter that archives runs.
const archiveType = "run_archive"

// archive is the exporter's configuration. What takes its time at the end of a run is done
// after the collector has shut down.
func (p Pipelines) archive() object {
	return object{
		"directory": p.Archive,
		"compact":   false,
	}
}

// archived is told of each archive that begins.
func (s *session) archived(w *archive.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archives = append(s.archives, w)
}

// compactWithin bounds how long the end of a run may take to compact its archive. One that
// is not compacted is as good, and slower to read.
const compactWithin = time.Minute

// archive settles the archives of the run when the collector has shut down: what they lack
// is a fault of the summary, which they then get as it is. Of the built-in configuration
// the archive is compacted, and those before it that are too old or too many are removed.
func (r *Run) archive(sum *summary.Summary) {
	s := r.session
	s.mu.Lock()
	archives := s.archives
	s.mu.Unlock()
	if sum.RunID == "" {
		return
	}
	for _, w := range archives {
		for _, fault := range w.Faults() {
			sum.Fault(fault)
		}
	}
	for _, w := range archives {
		r.result.Archive = w.Dir()
		err := archive.Amend(w.Dir(), func(info *archive.Info) { info.Summary = sum.WithoutSecrets() })
		if err != nil {
			sum.Fault("the archive lacks the result of the run: " + plaintext.Line(err.Error()))
			continue
		}
		for _, p := range r.result.Profiles {
			if err := archive.AddProfile(w.Dir(), p.Name, p.Data); err != nil {
				r.options.note("The archive lacks a profile: %s", plaintext.Line(err.Error()))
			}
		}
		if r.options.Archive != "" {
			r.tidy(w.Dir())
		}
	}
}

// tidy compacts an archive and removes old ones. Neither changes what is known of the run,
// so that a failure is a note.
func (r *Run) tidy(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), compactWithin)
	defer cancel()
	go func() {
		select {
		case <-r.cancelled:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := archive.Compact(ctx, dir); err != nil && ctx.Err() == nil {
		r.options.note("The archive stays in segments: %s", plaintext.Line(err.Error()))
	}
	if _, err := archive.Prune(r.options.Archive, archive.DefaultRetention(), time.Now()); err != nil {
		r.options.note("Old archives stay: %s", plaintext.Line(err.Error()))
	}
}

package loadgenreceiver

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// archivist is an exporter that archives runs. It gets their records beside the pipelines,
// which bring it the rest: of a request without a span there is nothing in a pipeline.
type archivist interface {
	BeginArchive(archive.Start) (*archive.Writer, error)
}

// exposer is a host that knows the collector's exporters, as that of a collector does
// (service/hostcapabilities).
type exposer interface {
	GetExporters() map[pipeline.Signal]map[component.ID]component.Component
}

// archivistsOf the collector, each once: an exporter of several pipelines is one.
func archivistsOf(hosts []component.Host) (all []archivist) {
	seen := map[component.ID]bool{}
	for _, host := range hosts {
		knows, ok := host.(exposer)
		if !ok {
			continue
		}
		for _, exporters := range knows.GetExporters() {
			for id, exporter := range exporters {
				if a, ok := exporter.(archivist); ok && !seen[id] {
					seen[id] = true
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// archives of a run.
type archives struct {
	writers []*archive.Writer
	failed  []string // why there is not one more, a sentence each
}

func beginArchives(by []archivist, s archive.Start) (a archives) {
	for _, archivist := range by {
		w, err := archivist.BeginArchive(s)
		if err != nil {
			a.failed = append(a.failed, "the run is not archived: "+plaintext.Line(err.Error()))
			continue
		}
		a.writers = append(a.writers, w)
	}
	return a
}

// record is a loadgen.Sink.
func (a *archives) record(rec *loadgen.Record) {
	for _, w := range a.writers {
		w.Record(rec)
	}
}

// flushTime is how long the end of a run waits for the disk of an archive.
const flushTime = 10 * time.Second

// flush waits until all records are on the disk, so that faults knows of every loss.
func (a *archives) flush() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	for _, w := range a.writers {
		if err := w.Flush(ctx); err != nil {
			a.failed = append(a.failed, fmt.Sprintf("the archive is behind, and may lack requests: its disk took longer than %s", flushTime))
		}
	}
}

// faults are what the archives lack, a sentence each.
func (a *archives) faults() []string {
	all := slices.Clone(a.failed)
	for _, w := range a.writers {
		all = append(all, w.Faults()...)
	}
	return all
}

// conclude notes the result of the run in each archive. It returns why it could not.
func (a *archives) conclude(sum *summary.Summary) (err error) {
	for _, w := range a.writers {
		if fault := w.Conclude(sum.WithoutSecrets()); fault != nil {
			err = fmt.Errorf("note the result of the run: %w", fault)
		}
	}
	return err
}

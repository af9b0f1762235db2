package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Start is what is known of a run when it begins.
type Start struct {
	Run  loadgen.RunID
	Plan *loadgen.Plan // must not change
	// PlanYAML is the plan without secrets.
	PlanYAML string
	// Began is when the run begins, with its monotonic clock: times of records are
	// measured from there.
	Began       time.Time
	Environment environment.Environment
	Version     string // of loadtrace
}

// Limits of a Writer.
const (
	// DefaultMaxBytes is the most that the segments of an archive take on the disk.
	DefaultMaxBytes = 2 << 30
	// waitingRecords and the others bound what waits to be written, in bytes of memory.
	// It is reached only while the disk is slow.
	waitingRecords = 32 << 20
	waitingJoined  = 16 << 20
	waitingOthers  = 4 << 20

	recordsEnough = 4096 // rows of a segment before its second is over
	joinedEnough  = 2048
	othersEnough  = 4096

	interval = time.Second // after which a segment is made of what there is
)

// Writer writes the archive of a run as it goes. A goroutine of its own does so, which
// Close ends; no other method waits for the disk, but for Flush and Conclude.
type Writer struct {
	dir    string
	run    loadgen.RunID
	filler *filler
	wake   chan struct{}
	asked  chan chan struct{} // to write all that waits
	stop   chan struct{}      // closed by Close
	ended  chan struct{}      // closed when the goroutine has
	// concluded is closed by Conclude.
	concluded         chan struct{}
	concludes, closes sync.Once

	records *intake[loadgen.Record]
	joined  *intake[Request]
	samples *intake[Sample]
	lines   *intake[Line]

	disk  sync.Mutex // guards what follows, and run.json
	info  Info
	shelf shelves
}

// shelves are where the rows go.
type shelves struct {
	space   space // of what follows
	records *shelf[Request]
	joined  *shelf[Request]
	rest    space // of what follows: what a target sends must not take the requests' room
	samples *shelf[Sample]
	lines   *shelf[Line]
	order   []int32   // scratch
	rows    []Request // scratch
}

// underWay is why an archive is incomplete whose writer has not come to its end.
const underWay = "the run is under way, or what wrote the archive was killed"

// Create makes the archive of a run in a folder of its own below root, and begins to write
// it. maxBytes is the most that it takes on the disk; 0 is DefaultMaxBytes.
func Create(root string, s Start, maxBytes int64) (*Writer, error) {
	dir := filepath.Join(root, folder(&s))
	if err := os.MkdirAll(root, dirPerm); err != nil {
		return nil, fmt.Errorf("make the folder of archives: %w", err)
	}
	if err := os.Mkdir(dir, dirPerm); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("make the archive: %s exists already: another run with the same id writes, or wrote, there", dir)
		}
		return nil, fmt.Errorf("make the archive: %w", err)
	}
	w := &Writer{
		dir: dir, run: s.Run, filler: newFiller(&s), info: infoOf(&s),
		wake: make(chan struct{}, 1), asked: make(chan chan struct{}), stop: make(chan struct{}), ended: make(chan struct{}),
		concluded: make(chan struct{}),
	}
	if err := writeInfo(dir, &w.info); err != nil {
		os.Remove(dir)
		return nil, fmt.Errorf("make the archive: %w", err)
	}
	if maxBytes == 0 {
		maxBytes = DefaultMaxBytes
	}
	w.records = newIntake[loadgen.Record](waitingRecords, recordsEnough, w.wake)
	w.joined = newIntake[Request](waitingJoined, joinedEnough, w.wake)
	w.samples = newIntake[Sample](waitingOthers, othersEnough, w.wake)
	w.lines = newIntake[Line](waitingOthers, othersEnough, w.wake)
	sh := &w.shelf
	sh.space.limit, sh.rest.limit = maxBytes/4*3, maxBytes/4
	sh.records = newShelf(filepath.Join(dir, recordsDir), recordTable, &sh.space)
	sh.joined = newShelf(filepath.Join(dir, joinedDir), joinedTable, &sh.space)
	sh.samples = newShelf(filepath.Join(dir, runtimeDir), sampleTable, &sh.rest)
	sh.lines = newShelf(filepath.Join(dir, logsDir), lineTable, &sh.rest)
	go w.work()
	return w, nil
}

// folder is the name of a run's folder: it sorts by time.
func folder(s *Start) string {
	name := s.Began.UTC().Format("20060102T150405Z") + "-" + s.Run.String()
	if p := s.Plan.Shard; !p.Whole() {
		name += fmt.Sprintf("-shard-%d-of-%d", p.Index, p.Count)
	}
	return name
}

func infoOf(s *Start) Info {
	info := Info{
		SchemaVersion: SchemaVersion, Loadtrace: s.Version, RunID: s.Run.String(), Began: s.Began, Incomplete: []string{underWay},
		Name: s.Plan.Name, Plan: s.PlanYAML, Attacks: []Attack{}, Environment: s.Environment,
	}
	if p := s.Plan.Shard; !p.Whole() {
		info.Shard = &Shard{Index: p.Index, Count: p.Count}
	}
	for i := range s.Plan.Attacks {
		a := &s.Plan.Attacks[i]
		of := Attack{Name: a.Name, Protocol: "http", Stages: []string{}}
		if a.GRPC != nil {
			of.Protocol = "grpc"
		}
		for _, stage := range a.Load {
			of.Stages = append(of.Stages, stage.Name)
		}
		info.Attacks = append(info.Attacks, of)
	}
	return info
}

// Run names the run.
func (w *Writer) Run() loadgen.RunID { return w.run }

// Dir is the folder of the archive.
func (w *Writer) Dir() string { return w.dir }

// Record is a loadgen.Sink.
func (w *Writer) Record(rec *loadgen.Record) {
	kept := held(rec)
	w.records.put(&kept)
}

// Join adds what the join knows of a request: of row AttackIndex, Seq and Joined, which
// has a JoinStatus. Of several of one request one stays.
func (w *Writer) Join(row *Request) {
	if row.JoinStatus == "" {
		return
	}
	kept := *row
	if row.ServerResolution == onlyChild && row.ServerSpans <= 1 {
		kept.ServerSpanID = "" // it would take a fifth of the file
	}
	w.joined.put(&kept)
}

// onlyChild is the resolution of a server span that is a child of the client span.
const onlyChild = "child"

// Sample adds a sample of a target's runtime.
func (w *Writer) Sample(s *Sample) { w.samples.put(s) }

// Line adds a line of a target's log.
func (w *Writer) Line(l *Line) {
	kept := *l
	kept.Body = plaintext.Line(l.Body)
	kept.BodyCut = l.BodyCut || len(kept.Body) < len(l.Body)
	w.lines.put(&kept)
}

// Flush waits until all that was given before is on the disk or lost, or ctx ends.
func (w *Writer) Flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case w.asked <- done:
	case <-w.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write the archive: %w", ctx.Err())
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("write the archive: %w", ctx.Err())
	}
}

// Conclude notes the result of the run in run.json. More may still come of the join; the
// archive is complete with Close only.
func (w *Writer) Conclude(sum *summary.Summary) error {
	defer w.concludes.Do(func() { close(w.concluded) })
	w.disk.Lock()
	defer w.disk.Unlock()
	w.info.Summary = sum
	w.count()
	return writeInfo(w.dir, &w.info)
}

// Concluded is closed when the run has ended: Conclude was called.
func (w *Writer) Concluded() <-chan struct{} { return w.concluded }

// Close writes what waits, and that the archive is complete if it is. It may be called
// more than once.
func (w *Writer) Close(ctx context.Context) error {
	w.closes.Do(func() { close(w.stop) })
	select {
	case <-w.ended:
	case <-ctx.Done():
		return fmt.Errorf("close the archive: %w", ctx.Err())
	}
	w.disk.Lock()
	defer w.disk.Unlock()
	w.count()
	w.info.Incomplete = w.lacks()
	if w.info.Summary == nil {
		w.info.Incomplete = append(w.info.Incomplete, "the run ended without a result")
	}
	w.info.Complete = len(w.info.Incomplete) == 0
	if err := writeInfo(w.dir, &w.info); err != nil {
		return fmt.Errorf("close the archive: %w", err)
	}
	return nil
}

// Faults are what the archive lacks of the requests and of what was joined to them until
// now, a sentence each.
func (w *Writer) Faults() []string {
	w.disk.Lock()
	defer w.disk.Unlock()
	return w.faults()
}

// Lacks are Faults, and what else the archive lacks: samples and log lines, of which a
// target may send any number.
func (w *Writer) Lacks() []string {
	w.disk.Lock()
	defer w.disk.Unlock()
	return w.lacks()
}

// Rows counts what was written and lost until now.
func (w *Writer) Rows() Rows {
	w.disk.Lock()
	defer w.disk.Unlock()
	w.count()
	return w.info.Rows
}

// faults is Faults for who holds disk.
func (w *Writer) faults() []string {
	_, records := w.records.counts()
	_, joined := w.joined.counts()
	return sentences(w.shelf.records.fault("requests", records), w.shelf.joined.fault("requests' joined telemetry", joined))
}

// lacks is Lacks for who holds disk.
func (w *Writer) lacks() []string {
	_, samples := w.samples.counts()
	_, lines := w.lines.counts()
	return append(w.faults(), sentences(
		w.shelf.samples.fault("samples of the targets' runtimes", samples), w.shelf.lines.fault("log lines", lines))...)
}

// sentences are those that are not empty.
func sentences(all ...string) (some []string) {
	for _, s := range all {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}

// count brings the counts of info up to date, for who holds disk.
func (w *Writer) count() {
	_, records := w.records.counts()
	_, joined := w.joined.counts()
	_, samples := w.samples.counts()
	_, lines := w.lines.counts()
	sh := &w.shelf
	w.info.Rows = Rows{
		Requests: sh.records.rows, Joined: sh.joined.rows, Runtime: sh.samples.rows, Logs: sh.lines.rows,
		RequestsDropped: records + sh.records.lost, JoinedDropped: joined + sh.joined.lost,
		RuntimeDropped: samples + sh.samples.lost, LogsDropped: lines + sh.lines.lost,
	}
}

package runarchiveexporter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// keeper owns the archives of the runs under way.
type keeper struct {
	root    string
	cfg     *Config
	log     *zap.Logger
	version string
	began   func(*archive.Writer)
	// takesLogs: lines come through a pipeline of logs, so that they are not taken from
	// joined spans too. It is set before anything is consumed.
	takesLogs bool

	stop context.CancelFunc // has the archives close now
	ctx  context.Context
	work sync.WaitGroup // a goroutine for each open archive

	mu   sync.RWMutex // guards what follows
	runs map[loadgen.RunID]*open
	off  bool
}

// open is an archive that is not closed yet.
type open struct {
	*archive.Writer
	attacks int
	last    atomic.Int64 // when the join last told of the run, Unix nanoseconds
}

func newKeeper(root string, cfg *Config, log *zap.Logger, version string, began func(*archive.Writer)) *keeper {
	k := &keeper{root: root, cfg: cfg, log: log, version: version, began: began, runs: map[loadgen.RunID]*open{}}
	k.ctx, k.stop = context.WithCancel(context.Background())
	return k
}

// begin makes an archive, and the goroutine that closes it.
func (k *keeper) begin(s archive.Start) (*archive.Writer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.off {
		return nil, errors.New("the exporter is shut down")
	}
	s.Version = k.version
	w, err := archive.Create(k.root, s, int64(k.cfg.MaxRunBytes))
	if err != nil {
		return nil, err
	}
	o := &open{Writer: w, attacks: len(s.Plan.Attacks)}
	k.runs[s.Run] = o
	k.work.Go(func() { k.close(s.Run, o) })
	if k.began != nil {
		k.began(w)
	}
	return w, nil
}

// of is the open archive of a run, and all of them.
func (k *keeper) of(id loadgen.RunID) *open {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.runs[id]
}

func (k *keeper) all() []*open {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var all []*open
	for _, o := range k.runs {
		all = append(all, o)
	}
	return all
}

// close closes an archive when its run has ended and nothing more is told of it, or at
// the shutdown.
func (k *keeper) close(id loadgen.RunID, o *open) {
	select {
	case <-o.Concluded():
		k.settle(o)
	case <-k.ctx.Done():
	}
	k.mu.Lock()
	delete(k.runs, id)
	k.mu.Unlock()
	if err := o.Close(context.Background()); err != nil {
		k.log.Error("the archive of a run is incomplete", zap.Stringer("run", id), zap.Error(err))
	}
	for _, fault := range o.Lacks() {
		k.log.Error("the archive of a run is incomplete", zap.Stringer("run", id), zap.String("reason", fault))
	}
	if !k.cfg.Compact {
		return
	}
	if err := archive.Compact(k.ctx, o.Dir()); err != nil && !errors.Is(err, context.Canceled) {
		k.log.Error("the archive of a run stays in segments", zap.Stringer("run", id), zap.Error(err))
	}
	if _, err := archive.Prune(k.root, k.cfg.Retention.retention(), time.Now()); err != nil {
		k.log.Error("old archives could not be removed", zap.Error(err))
	}
}

// settle waits until the join has told nothing of a run for a while.
func (k *keeper) settle(o *open) {
	o.last.Store(max(o.last.Load(), time.Now().UnixNano()))
	for {
		left := k.cfg.Settle - time.Since(time.Unix(0, o.last.Load()))
		if left <= 0 {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-k.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// shutdown closes all archives.
func (k *keeper) shutdown(ctx context.Context) error {
	k.mu.Lock()
	k.off = true
	k.mu.Unlock()
	k.stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.work.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

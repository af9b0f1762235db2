package catalog

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// Line is an archived run in a list.
type Line struct {
	RunID string `json:"run_id,omitempty"` // empty if the archive cannot be read
	Dir   string `json:"dir"`
	// Shard is such as 0/2 if the archive is of a shard of a run.
	Shard string    `json:"shard,omitempty"`
	Began time.Time `json:"began"`
	Plan  string    `json:"plan"`
	// Verdict is empty without a result, and of a run that was imported.
	Verdict  verdict.Verdict `json:"verdict,omitempty"`
	Imported string          `json:"imported,omitempty"` // the tool
	// Requests is the rows of the archive. Of a run under way it is not known yet.
	Requests int64 `json:"requests"`
	// P99 is of the response time, or if that is not known of the service time; nil
	// without a result.
	P99  *summary.Seconds `json:"p99,omitempty"`
	Size int64            `json:"size"` // bytes
	// UnderWay: the archive was not closed, and was written to a moment ago. The run may
	// have a result, and wait for what is joined to its requests.
	UnderWay bool `json:"under_way,omitempty"`
	// Complete reports whether the archive has all, Incomplete why it has not.
	Complete   bool     `json:"complete"`
	Incomplete []string `json:"incomplete,omitempty"`
	Error      string   `json:"error,omitempty"` // why it cannot be read
}

// quiet is how long nothing is written to an archive whose run is over. A writer that has
// something to write does so every second; one may wait for a target that hangs.
const quiet = time.Minute

// List are the archived runs of a folder, the latest first, at a time.
func List(root string, now time.Time) ([]Line, error) {
	entries, err := archive.List(root)
	if err != nil {
		return nil, err
	}
	lines := make([]Line, len(entries))
	for i := range entries {
		lines[i] = line(&entries[i], now)
	}
	return lines, nil
}

func line(e *archive.Entry, now time.Time) Line {
	l := Line{Dir: e.Dir, Size: e.Size}
	if e.Err != nil {
		l.Began, l.Error = e.Changed, plaintext.Line(e.Err.Error())
		return l
	}
	info := e.Info
	l.RunID, l.Began, l.Plan = info.RunID, info.Began, info.Name
	l.Requests, l.Complete, l.Incomplete = info.Rows.Requests, info.Complete, info.Incomplete
	l.UnderWay = info.Unclosed() && now.Sub(e.Changed) < quiet
	if info.Shard != nil {
		l.Shard = fmt.Sprintf("%d/%d", info.Shard.Index, info.Shard.Count)
	}
	s := info.Summary
	if s == nil {
		return l
	}
	l.Verdict = s.Verdict.Verdict
	if s.Imported != nil {
		l.Imported = s.Imported.Tool
	}
	if q := s.Total.ResponseTime; q.Count > 0 {
		l.P99 = &q.P99
	} else if q := s.Total.ServiceTime; q.Count > 0 {
		l.P99 = &q.P99
	}
	return l
}

// Open opens the run that a name means, as archive.Find has it.
func Open(root, name string) (*archive.Run, error) {
	dir, err := archive.Find(root, name)
	if err != nil {
		return nil, err
	}
	return archive.Open(dir)
}

// ErrUnderWay is of a run that may still be written to.
var ErrUnderWay = errors.New("it may still be written to; wait until it has ended")

// Delete removes the archive of the run that a name means, which is directly below root,
// and returns its folder.
func Delete(root, name string, now time.Time) (string, error) {
	run, err := Open(root, name)
	if err != nil {
		return "", err
	}
	dir := run.Dir()
	inside, err := below(root, dir)
	if err != nil {
		return "", err
	}
	if !inside {
		return "", fmt.Errorf("%s is not in the folder of archives, %s: remove it by hand, or name that folder with --archive", dir, root)
	}
	lines, err := List(root, now)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(lines, func(l Line) bool { return l.UnderWay && filepath.Base(l.Dir) == filepath.Base(dir) }) {
		return "", fmt.Errorf("delete the run %s: %w", run.Info().RunID, ErrUnderWay)
	}
	return dir, archive.Remove(dir)
}

// below reports whether a folder is directly below another.
func below(root, dir string) (bool, error) {
	var paths [2]string
	for i, p := range []string{root, filepath.Dir(filepath.Clean(dir))} {
		abs, err := filepath.Abs(p)
		if err == nil {
			abs, err = filepath.EvalSymlinks(abs)
		}
		if err != nil {
			return false, err
		}
		paths[i] = abs
	}
	base := filepath.Base(filepath.Clean(dir))
	return paths[0] == paths[1] && base != "." && base != "..", nil
}

// Short are the shortest beginnings of ids, of at least eight digits, that tell them all
// apart.
func Short(lines []Line) int {
	most := 8
	var ids []string
	for i := range lines {
		if id := lines[i].RunID; id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for i := 1; i < len(ids); i++ {
		n := 0
		for n < min(len(ids[i]), len(ids[i-1])) && ids[i][n] == ids[i-1][n] {
			n++
		}
		most = max(most, n+1)
	}
	return most
}

// Expired are the runs of a folder that a retention does not keep. It leaves them.
func Expired(root string, r archive.Retention, now time.Time) ([]Line, error) {
	entries, err := archive.List(root)
	if err != nil {
		return nil, err
	}
	return linesOf(r.Expired(entries, now), now), nil
}

// Prune removes the runs of a folder that a retention does not keep, and returns them.
func Prune(root string, r archive.Retention, now time.Time) ([]Line, error) {
	removed, err := archive.Prune(root, r, now)
	return linesOf(removed, now), err
}

func linesOf(entries []archive.Entry, now time.Time) []Line {
	lines := make([]Line, len(entries))
	for i := range entries {
		lines[i] = line(&entries[i], now)
	}
	return lines
}

// Summary is the result of a run, which one that did not end has not.
func Summary(run *archive.Run) (*summary.Summary, error) {
	s := run.Info().Summary
	if s == nil {
		why := "it has not ended"
		if list := run.Info().Incomplete; len(list) > 0 {
			why = strings.Join(list, "; ")
		}
		return nil, fmt.Errorf("run %s has no result: %s", run.Info().RunID, plaintext.Line(why))
	}
	return s, nil
}

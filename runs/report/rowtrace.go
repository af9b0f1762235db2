package report

import (
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/quantity"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// joinedOf a row, whose request was done at a time.
func joinedOf(row *archive.Request, done time.Time) *Joined {
	j := &Joined{Response: row.ResponseTime, Ledger: ledgerOf(row), GCOverlap: row.GCOverlap, Levels: Unknown()}
	if row.ServerService != "" {
		j.Instance = InstanceName(row.ServerService, row.ServerInstance)
	}
	if !row.RuntimeAge.OK {
		return j
	}
	l := &j.Levels
	l.At = done.Add(-row.RuntimeAge.V)
	setLevel(l, LevelCPU, row.RuntimeCPU, 1)
	setLevel(l, LevelGoroutines, row.RuntimeGoroutines, 1)
	setLevel(l, LevelHeap, row.RuntimeHeap, 1)
	setLevel(l, LevelMemory, row.RuntimeMemory, 1)
	setLevel(l, LevelGCGoal, row.RuntimeGCGoal, 1)
	setLevel(l, LevelScheduler, row.RuntimeScheduleP99, 1e-9)
	setLevel(l, LevelEventLoop, row.RuntimeEventLoopDelayP99, 1e-9)
	if window := row.RuntimeWindow.V.Seconds(); window > 0 {
		setLevel(l, LevelGCCycles, row.RuntimeGCCycles, 1/window)
		setLevel(l, LevelGCPause, row.RuntimeGCPause, 1e-9/window)
	}
	return j
}

func setLevel[T ~int64 | ~float64](l *Levels, i LevelIndex, v archive.Optional[T], unit float64) {
	if v.OK {
		l.Set(i, float64(v.V)*unit)
	}
}

func ledgerOf(row *archive.Request) []Component {
	var all []Component
	for _, c := range row.Components() {
		for _, known := range LedgerNames() {
			if known.Key == c.Name && c.Took != 0 {
				all = append(all, Component{known.Name, c.Took})
			}
		}
	}
	return all
}

// traceOf a row; nil if nothing is known of the target's side.
func traceOf(row *archive.Request) *Trace {
	if row.JoinStatus == "" || row.JoinStatus == "none" && row.LogLines == 0 {
		return nil
	}
	t := &Trace{
		Service: strings.Clone(row.ServerService), Route: strings.Clone(row.ServerRoute), Ledger: ledgerOf(row),
		// The lines come later, from a table of their own; until then all are cut.
		LinesCut: row.LogLines,
	}
	if row.JoinMissing != "" {
		for _, why := range strings.Split(row.JoinMissing, ",") {
			t.Missing = append(t.Missing, strings.ReplaceAll(strings.TrimSpace(why), "_", " "))
		}
	}
	for _, facts := range [][]string{levelWords(row), windowWords(row), clockWords(row)} {
		if len(facts) > 0 {
			t.Facts = append(t.Facts, strings.Join(facts, " · "))
		}
	}
	return t
}

// log adds a line, which was among those that are cut.
func (t *Trace) log(line *archive.Line, sent time.Time) {
	if len(t.Lines) >= maxLines {
		return
	}
	l := Line{At: line.At().Sub(sent), Severity: strings.Clone(line.Severity), Text: strings.Clone(line.Body)}
	if line.Service != t.Service {
		l.Service = strings.Clone(line.Service)
	}
	t.Lines = append(t.Lines, l)
	t.LinesCut = max(0, t.LinesCut-1)
}

// words collects what is known, in the terminal's words.
type words []string

func (w *words) add(known bool, before, value, after string) {
	if known {
		*w = append(*w, before+value+after)
	}
}

func count64(v archive.Optional[int64]) string        { return quantity.Count(uint64(max(v.V, 0))) }
func size(v archive.Optional[int64]) string           { return quantity.Size(max(v.V, 0)) }
func took64(v archive.Optional[time.Duration]) string { return quantity.Took(v.V) }

func levelWords(row *archive.Request) (w words) {
	w.add(row.RuntimeGoroutines.OK, "", count64(row.RuntimeGoroutines), " goroutines")
	w.add(row.RuntimeHeap.OK, "heap ", size(row.RuntimeHeap), "")
	w.add(row.RuntimeMemory.OK, "runtime memory ", size(row.RuntimeMemory), "")
	w.add(row.RuntimeGCGoal.OK && row.RuntimeGCGoal.V < pebibyte, "next GC at ", size(row.RuntimeGCGoal), "")
	w.add(row.RuntimeGOMAXPROCS.OK, "GOMAXPROCS ", count64(row.RuntimeGOMAXPROCS), "")
	w.add(row.RuntimeScheduleP99.OK, "scheduler latency p99 ", took64(row.RuntimeScheduleP99), "")
	w.add(row.RuntimeEventLoopDelayP99.OK, "event loop delay p99 ", took64(row.RuntimeEventLoopDelayP99), "")
	return w
}

func windowWords(row *archive.Request) (w words) {
	if row.RuntimeWindow.OK && row.RuntimeWindow.V > 0 {
		w.add(true, "in the ", took64(row.RuntimeWindow), " around it")
		w.add(row.RuntimeCPU.OK, "", quantity.Digits(max(row.RuntimeCPU.V, 0.001)), " CPUs busy")
		w.add(row.RuntimeAllocated.OK, "", size(row.RuntimeAllocated), " allocated")
		w.add(row.RuntimeGCCycles.OK, "", quantity.Some(uint64(max(row.RuntimeGCCycles.V, 0)), "GC cycle", "GC cycles"), "")
		w.add(row.RuntimeGCPause.OK, "paused ", took64(row.RuntimeGCPause), "")
	}
	overlapped := "a part"
	if row.GCTimeMost.OK {
		overlapped = took64(row.GCTimeMost)
		if least := took64(row.GCTimeLeast); least != overlapped {
			overlapped = least + " to " + overlapped
		}
	}
	w.add(row.GCOverlap == "yes", "a collection went on for ", overlapped, " of it")
	w.add(row.GCOverlap == "possible", "a collection may have overlapped it", "", "")
	w.add(row.GCOverlap == "no", "no collection overlapped it", "", "")
	return w
}

func clockWords(row *archive.Request) (w words) {
	if !row.ClockBound.OK {
		return nil
	}
	offset, way := row.ClockOffset.V, "ahead"
	if offset < 0 {
		offset, way = -offset, "behind"
	}
	if offset <= row.ClockBound.V {
		w.add(true, "its clock is not known to differ, within ± ", quantity.Took(offset+row.ClockBound.V), "")
		return w
	}
	w.add(true, "its clock is ", quantity.Took(offset)+" "+way+", ± "+took64(row.ClockBound), "")
	return w
}

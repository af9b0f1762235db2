package terminal

import (
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Line is progress as one line of plain words, without its end.
func Line(s summary.Snapshot, o Options) string {
	parts := []string{o.long(s.Elapsed)}
	if s.Total > 0 {
		parts[0] += " of " + o.long(s.Total)
	}
	sent := count(s.Sent)
	if s.Planned > 0 {
		sent += " of " + count(s.Planned)
	}
	parts = append(parts, sent+" sent", o.rates(s))
	parts = append(parts, o.latency(s)...)
	parts = append(parts, o.trouble(s)...)
	if s.Stage != "" {
		parts = append(parts, o.clean(s.Stage))
	}
	return strings.Join(parts, o.dot())
}

// Bar is progress as lines for a terminal, each within o.Width columns: where
// the run is, and how it goes. It has no line end at its end.
func Bar(s summary.Snapshot, o Options) string {
	n := o.width() - 1 // a terminal may wrap after a character in the last column
	parts := append([]string{o.rates(s)}, o.latency(s)...)
	parts = append(parts, count(s.InFlight)+" in flight")
	parts = append(parts, o.trouble(s)...)
	lines := join(parts, o.dot(), n)
	for i, l := range lines {
		lines[i] = o.cut(l, n)
	}
	return o.course(s, n) + "\n" + strings.Join(lines, "\n")
}

// course is the stage, how far the run is, and how long it has taken and will take.
func (o Options) course(s summary.Snapshot, n int) string {
	stage := o.clean(s.Stage)
	if stage == "" {
		stage = o.clean(s.Plan)
	}
	stage = o.cut(stage, n*2/5)
	left, part := o.long(s.Elapsed), 0.0
	if s.Total > 0 {
		part = s.Elapsed.Seconds() / s.Total.Seconds()
		left += " of " + o.long(s.Total)
		if s.Joining {
			left = o.long(s.Elapsed) + o.dot() + "waiting for the target's telemetry, Ctrl-C gives up"
		} else if s.Delivering {
			left = o.long(s.Elapsed) + o.dot() + "delivering telemetry, Ctrl-C gives up"
		} else if s.Elapsed >= s.Total {
			left = o.long(s.Elapsed) + o.dot() + "waiting for the last requests"
		}
	}
	room := n - width(stage) - width(left) - 6
	if room < 8 {
		return o.cut(o.paint(bold, stage)+"  "+left, n)
	}
	bar := o.bar(part, room)
	if s.Total == 0 {
		bar = o.pulse(s.Elapsed, room)
	}
	edges := [2]string{o.paint(dim, o.pick("▕", "|")), o.paint(dim, o.pick("▏", "|"))}
	return o.paint(bold, stage) + "  " + edges[0] + o.paint(cyan, bar) + edges[1] + "  " + left
}

// pulse moves to and fro where the end is not known.
func (o Options) pulse(elapsed time.Duration, n int) string {
	const long = 4
	way := 2 * (n - long)
	at := int(elapsed/(200*time.Millisecond)) % way
	if at > way/2 {
		at = way - at
	}
	return spaces(at) + strings.Repeat(o.pick("█", "#"), long) + spaces(n-long-at)
}

func (o Options) rates(s summary.Snapshot) string {
	got := rate(s.RateAchieved)
	if s.RateWanted > 0 {
		got += " of " + rate(s.RateWanted)
	}
	return got
}

func (o Options) latency(s summary.Snapshot) []string {
	if s.P99 == 0 {
		return nil
	}
	return []string{"p50 " + o.took(s.P50), "p99 " + o.took(s.P99)}
}

// trouble is what went wrong so far; nothing if nothing did.
func (o Options) trouble(s summary.Snapshot) []string {
	var out []string
	if s.Breached > 0 {
		out = append(out, o.paint(alarm, some(uint64(s.Breached), "threshold", "thresholds")+" breached"))
	}
	if s.Failed > 0 {
		out = append(out, o.paint(red, count(s.Failed)+" failed"))
	}
	if s.BadStatus > 0 {
		out = append(out, o.paint(yellow, some(s.BadStatus, "error status", "error statuses")))
	}
	return out
}

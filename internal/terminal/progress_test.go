package terminal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/summary"
)

func underWay() summary.Snapshot {
	return summary.Snapshot{
		Plan: "checkout", Stage: "validate: steady", Elapsed: 15_600 * time.Millisecond, Total: 30 * time.Second,
		Planned: 15_000, Sent: 7_788, InFlight: 12, Failed: 3, BadStatus: 1,
		RateWanted: 500, RateAchieved: 498.2, P50: 1_020 * time.Microsecond, P99: 8_900 * time.Microsecond,
	}
}

func TestALineTellsHowARunGoes(t *testing.T) {
	assert.Equal(t, "15.6 s of 30.0 s · 7,788 of 15,000 sent · 498/s of 500/s · p50 1.02 ms · p99 8.90 ms · "+
		"3 failed · 1 error status · validate: steady", Line(underWay(), Options{}))
	assert.Equal(t, "0 ms | 0 sent | 0/s", Line(summary.Snapshot{}, Options{ASCII: true}))
	assert.NotContains(t, Line(summary.Snapshot{Stage: "a\x1b[2Jb\nc"}, Options{}), "\x1b")
	assert.NotContains(t, Line(summary.Snapshot{Stage: "a\x1b[2Jb\nc"}, Options{}), "\n")
}

func TestBarsAreDrawnAsTheirGoldenFile(t *testing.T) {
	breached, closed, waiting, begun := underWay(), underWay(), underWay(), summary.Snapshot{Plan: "checkout", Total: time.Minute}
	breached.Breached = 2
	closed.Total, closed.Planned, closed.RateWanted = 0, 0, 0
	waiting.Elapsed, waiting.Stage = 31*time.Second, ""
	var b strings.Builder
	for _, s := range []summary.Snapshot{underWay(), closed, waiting, begun, breached} {
		for _, o := range []Options{{}, {Width: 120}, {Width: 40}, {ASCII: true}, {Color: true}} {
			fmt.Fprintf(&b, "%s\n\n", Bar(s, o))
		}
	}
	requireGolden(t, "bars.txt", b.String())
}

func TestABarIsNarrowerThanTheTerminal(t *testing.T) {
	s := underWay()
	for _, total := range []time.Duration{0, time.Second, time.Minute} {
		for elapsed := time.Duration(0); elapsed < 20*time.Second; elapsed += 170 * time.Millisecond {
			for _, n := range []int{40, 80, 120} {
				s.Elapsed, s.Total = elapsed, total
				for line := range strings.SplitSeq(Bar(s, Options{Width: n, Color: true}), "\n") {
					require.Less(t, width(line), n, line)
				}
			}
		}
	}
}

func TestADisplayDrawsInPlaceAndLeavesNothing(t *testing.T) {
	s := newScreen(t, 20)
	io.WriteString(s, "$ loadtrace run\r\n")
	d := NewDisplay(s)
	d.Show("one\ntwo\nthree", 20)
	assert.Equal(t, "$ loadtrace run\none\ntwo\nthree", s.String())
	d.Show("a longer one\nx", 20)
	assert.Equal(t, "$ loadtrace run\na longer one\nx", s.String())
	d.Show("short", 20)
	assert.Equal(t, "$ loadtrace run\nshort", s.String())
	d.Close(20)
	d.Close(20)
	io.WriteString(s, "summary")
	assert.Equal(t, "$ loadtrace run\nsummary", s.String())
}

// A terminal that becomes narrower wraps what is there, and lines of an earlier
// frame once stayed above the area.
func TestADisplayFindsItsAreaAgainWhenTheTerminalBecomesNarrower(t *testing.T) {
	s := newScreen(t, 20)
	io.WriteString(s, "$ run\r\n")
	d := NewDisplay(s)
	d.Show("0123456789abcdefgh\n0123456789", 20)
	s.resize(8)
	d.Show("01234\n567", 8)
	assert.Equal(t, "$ run\n01234\n567", s.String())
	s.resize(30)
	d.Close(30)
	assert.Equal(t, "$ run\n", s.String())
}

func TestRunDrawsOnATerminalFiveTimesASecondAndTidiesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScreen(t, 80)
		frames, columns := 0, 80
		ctx, cancel := context.WithTimeout(t.Context(), 2100*time.Millisecond)
		defer cancel()
		seen := ""
		Run(ctx, s, func() summary.Snapshot {
			frames++
			seen = s.String()
			if frames == 5 {
				columns = 60
				s.resize(columns)
			}
			return underWay()
		}, Options{Terminal: true, Color: true, WidthFunc: func() int { return columns }})
		assert.Equal(t, 10, frames)
		assert.Contains(t, seen, "validate: steady")
		assert.Contains(t, seen, "12 in flight")
		assert.Equal(t, 1, strings.Count(seen, "validate: steady"))
		assert.Empty(t, s.String())
	})
}

func TestRunWritesALineEveryTwoSecondsWhereThereIsNoTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		Run(ctx, &b, underWay, Options{})
		assert.Equal(t, strings.Repeat(Line(underWay(), Options{})+"\n", 3), b.String())
	})
}

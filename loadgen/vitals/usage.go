package vitals

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/internal/figure"
)

// Usage is what used the processors of the machine for a while, and its load average at
// the end. Only Linux tells.
type Usage struct {
	Load       float64 `json:"load_average"` // of one minute
	Processors int     `json:"processors"`
	Busy       float64 `json:"busy"` // processors, of those; 0 if that is not known
	// Top are the processes that used most, at most three, by what they used. Of those
	// that ended meanwhile nothing is known.
	Top []Process `json:"top"`
}

// Process is one that used processors.
type Process struct {
	Name       string  `json:"name"` // as the kernel has it: at most 15 bytes
	PID        int     `json:"pid"`
	Processors float64 `json:"processors"`
	Self       bool    `json:"self,omitempty"` // it is this process
}

const (
	topProcesses = 3
	// leastUsed is below what a process is not worth a word, in processors.
	leastUsed = 0.01
	// tick is the unit of times in /proc, on every architecture of Linux that Go runs on
	// (USER_HZ; time(7)).
	tick = 10 * time.Millisecond
)

// Census is the processor time of all processes as of a moment.
type Census struct {
	at         time.Time
	times      map[processKey]processTime
	busy       uint64 // ticks of all processors
	processors int
	load       float64
}

// processKey is one process: numbers are used again.
type processKey struct {
	pid   int
	start uint64
}

type processTime struct {
	name  string
	ticks uint64
}

// Census reads /proc at a time. It takes some milliseconds, and has nothing on a system
// without.
func (s Source) Census(now time.Time) Census {
	c := Census{at: now, times: map[processKey]processTime{}}
	entries, err := fs.ReadDir(s.root, "proc")
	if err != nil {
		return c
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if text, err := fs.ReadFile(s.root, "proc/"+e.Name()+"/stat"); err == nil {
			c.add(pid, string(text))
		}
	}
	if text, err := fs.ReadFile(s.root, "proc/loadavg"); err == nil {
		first, _, _ := strings.Cut(string(text), " ")
		c.load, _ = strconv.ParseFloat(first, 64)
	}
	if text, err := fs.ReadFile(s.root, "proc/stat"); err == nil {
		c.addMachine(string(text))
	}
	return c
}

// add reads a line of /proc/PID/stat (proc_pid_stat(5)): the name in parentheses, which
// may hold any, then as fields 14 and 15 the time in user mode and in the kernel, and as
// 22 when the process began.
func (c *Census) add(pid int, line string) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return
	}
	fields := strings.Fields(line[end+1:]) // from field 3
	if len(fields) < 20 {
		return
	}
	user, errUser := strconv.ParseUint(fields[11], 10, 64)
	system, errSystem := strconv.ParseUint(fields[12], 10, 64)
	start, errStart := strconv.ParseUint(fields[19], 10, 64)
	if cmp.Or(errUser, errSystem, errStart) != nil {
		return
	}
	c.times[processKey{pid, start}] = processTime{line[open+1 : end], user + system}
}

// addMachine reads /proc/stat (proc_stat(5)): the first line is of all processors, and
// each has one more.
func (c *Census) addMachine(text string) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 9 || !strings.HasPrefix(fields[0], "cpu") {
			return
		}
		if fields[0] != "cpu" {
			c.processors++
			continue
		}
		for i, f := range fields[1:9] {
			if n, err := strconv.ParseUint(f, 10, 64); err == nil && i != 3 && i != 4 && i != 7 { // idle, iowait, steal
				c.busy += n
			}
		}
	}
}

// Used is what used the machine between two moments; nil if the system does not tell.
func Used(before, after Census) *Usage {
	took := after.at.Sub(before.at)
	if len(after.times) == 0 || after.processors == 0 || took < tick {
		return nil
	}
	processors := func(ticks uint64) float64 { return figure.Round(float64(ticks) * float64(tick) / float64(took)) }
	u := &Usage{Load: after.load, Processors: after.processors, Top: []Process{}}
	if after.busy >= before.busy {
		u.Busy = min(processors(after.busy-before.busy), float64(u.Processors))
	}
	for key, now := range after.times {
		used := now.ticks - min(now.ticks, before.times[key].ticks) // one that is new began with none
		if p := processors(used); p >= leastUsed {
			u.Top = append(u.Top, Process{Name: now.name, PID: key.pid, Processors: p, Self: key.pid == os.Getpid()})
		}
	}
	slices.SortFunc(u.Top, func(a, b Process) int {
		return cmp.Or(cmp.Compare(b.Processors, a.Processors), cmp.Compare(a.PID, b.PID))
	})
	u.Top = slices.Clip(u.Top[:min(len(u.Top), topProcesses)])
	return u
}

// Words returns the usage, a phrase for each figure.
func (u *Usage) Words() []string {
	words := []string{
		fmt.Sprintf("load average %.1f", u.Load),
		fmt.Sprintf("%.1f of %d processors busy", u.Busy, u.Processors),
	}
	for _, p := range u.Top {
		who := fmt.Sprintf("%s (%d)", p.Name, p.PID)
		if p.Self {
			who = p.Name + " (this run)"
		}
		words = append(words, fmt.Sprintf("%s %.2f", who, p.Processors))
	}
	return words
}

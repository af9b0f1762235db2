package goprofile

import (
	"bufio"
	"bytes"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// mostCreators bounds the stacks of a dump that are kept.
const mostCreators = 10_000

// Dump reads a dump of goroutines (goroutine?debug=2), which alone says who created them.
// It may end anywhere: cut says that the reader did not get all of it.
func Dump(data []byte, cut bool) *diagnosis.Dump {
	d := &diagnosis.Dump{Creators: map[string]diagnosis.Frame{}, Cut: cut}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20) // a longer line ends the reading
	var stack diagnosis.Stack
	var pending *diagnosis.Frame // whose place is on the next line
	created := false
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "goroutine "):
			stack, pending, created = nil, nil, false
		case strings.HasPrefix(line, "\t"):
			if pending == nil {
				continue
			}
			pending.File, pending.Line = place(ending(line))
			if created {
				if key := stack.Key(); len(d.Creators) < mostCreators {
					d.Creators[key] = *pending
				}
			} else if len(stack) < mostFrames {
				stack = append(stack, *pending)
			}
			pending = nil
		case strings.HasPrefix(line, "created by "):
			name, _, _ := strings.Cut(strings.TrimPrefix(line, "created by "), " in goroutine ")
			pending, created = &diagnosis.Frame{Function: ending(name)}, true
		case line != "":
			pending = &diagnosis.Frame{Function: ending(function(line))}
		}
	}
	return d
}

// function is the name in a line such as pkg.(*T).f(0x1, ...).
func function(line string) string {
	if at := strings.LastIndexByte(line, '('); at > 0 {
		return line[:at]
	}
	return line
}

// place is the file and line in a line such as "\t/dir/file.go:12 +0x1d".
func place(line string) (string, int) {
	line, _, _ = strings.Cut(strings.TrimPrefix(line, "\t"), " +0x")
	at := strings.LastIndexByte(line, ':')
	if at < 0 {
		return line, 0
	}
	n, err := strconv.Atoi(line[at+1:])
	if err != nil {
		return line, 0
	}
	return line[:at], n
}

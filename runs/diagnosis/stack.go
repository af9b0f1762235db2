package diagnosis

import (
	"fmt"
	"path"
	"strings"
)

// Frame is a call on a stack.
type Frame struct {
	Function string // with the path of its package
	File     string
	Line     int
}

// Stack is calls, the innermost first.
type Stack []Frame

// String is the frame for people: the function without the path of its package, the file
// without its folders.
func (f Frame) String() string {
	if f.File == "" {
		return f.Short()
	}
	return fmt.Sprintf("%s (%s:%d)", f.Short(), path.Base(f.File), f.Line)
}

// Place is the file and line for people.
func (f Frame) Place() string { return fmt.Sprintf("%s:%d", path.Base(f.File), f.Line) }

// Short is the function without the path of its package.
func (f Frame) Short() string { return path.Base(f.Function) }

// Key identifies a stack.
func (s Stack) Key() string {
	var b strings.Builder
	for _, f := range s {
		if !f.runtime() {
			fmt.Fprintf(&b, "%s:%d;", f.Function, f.Line)
		}
	}
	return b.String()
}

func (f Frame) runtime() bool {
	return strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "internal/runtime/")
}

// plumbing are packages whose functions stand between the code that waits and the reason
// for it, or start goroutines for others.
var plumbing = []string{"sync.", "internal/sync.", "internal/poll.", "golang.org/x/sync/errgroup.", "golang.org/x/sync/semaphore.", "os.(*File)"}

func (f Frame) plumbing() bool {
	if f.runtime() {
		return true
	}
	for _, p := range plumbing {
		if strings.HasPrefix(f.Function, p) {
			return true
		}
	}
	return false
}

// Blocked is the innermost call that is neither the runtime's nor plumbing: the line that
// waits.
func (s Stack) Blocked() (Frame, bool) {
	for _, f := range s {
		if !f.plumbing() {
			return f, true
		}
	}
	return Frame{}, false
}

// First is the function that the goroutine began in, but for plumbing.
func (s Stack) First() (Frame, bool) {
	for i := len(s) - 1; i >= 0; i-- {
		if !s[i].plumbing() {
			return s[i], true
		}
	}
	return Frame{}, false
}

// Wait is why a goroutine does not run.
type Wait string

// The reasons.
const (
	NoWait  Wait = ""
	Lock    Wait = "a lock"
	Receive Wait = "a channel receive"
	Send    Wait = "a channel send"
	Select  Wait = "a select"
	IO      Wait = "I/O"
	Sleep   Wait = "a timer"
	Other   Wait = "something else"
)

// waits are functions that park a goroutine, in the order in which they are looked for.
var waits = []struct {
	function string
	wait     Wait
}{
	{"sync.(*Mutex).Lock", Lock},
	{"sync.(*Mutex).lockSlow", Lock},
	{"internal/sync.(*Mutex).lockSlow", Lock},
	{"sync.(*RWMutex).Lock", Lock},
	{"sync.(*RWMutex).RLock", Lock},
	{"internal/poll.runtime_pollWait", IO},
	{"runtime.netpollblock", IO},
	{"runtime.chansend1", Send},
	{"runtime.chansend", Send},
	{"runtime.chanrecv1", Receive},
	{"runtime.chanrecv2", Receive},
	{"runtime.chanrecv", Receive},
	{"runtime.selectgo", Select},
	{"time.Sleep", Sleep},
}

// Waits says why a goroutine of this stack does not run, by the functions near its top.
func (s Stack) Waits() Wait {
	const near = 8
	top := s[:min(len(s), near)]
	for _, w := range waits {
		for _, f := range top {
			if f.Function == w.function {
				return w.wait
			}
		}
	}
	if len(s) > 0 && s[0].Function == "runtime.gopark" {
		return Other
	}
	return NoWait
}

// Has reports whether a function of the stack has one of the prefixes.
func (s Stack) Has(prefixes ...string) bool {
	for _, f := range s {
		for _, p := range prefixes {
			if strings.HasPrefix(f.Function, p) {
				return true
			}
		}
	}
	return false
}

// ofConnection reports whether the goroutine belongs to a connection and waits for its
// next message: there are as many as there are connections.
func (s Stack) ofConnection() bool {
	if s.Has("net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop",
		"net/http.(*http2", "net/http/internal/http2", "golang.org/x/net/http2.",
		"google.golang.org/grpc/internal/transport.", "google.golang.org/grpc/internal/grpcsync.") {
		return !s.handles()
	}
	return s.Has("net/http.(*conn).serve") && s.Waits() == IO && !s.handles()
}

// handles reports whether the goroutine is in a handler of a request.
func (s Stack) handles() bool {
	for _, f := range s {
		if strings.HasSuffix(f.Function, ".ServeHTTP") || strings.HasPrefix(f.Function, "google.golang.org/grpc.(*Server).process") ||
			strings.HasPrefix(f.Function, "net/http.HandlerFunc") {
			return true
		}
	}
	return false
}

// most bounds the frames of a stack in a finding.
const mostFrames = 16

// lines are the stack for a finding.
func (s Stack) lines() []string {
	var lines []string
	for _, f := range s {
		if f.runtime() {
			continue
		}
		if len(lines) == mostFrames {
			break
		}
		lines = append(lines, f.String())
	}
	return lines
}

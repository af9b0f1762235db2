package collectorlog

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap/zapcore"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// notesLimit bounds the notes that are kept.
const notesLimit = 20

// Notes keeps the warnings of the built-in collector, once each, until the
// progress display is gone: the two share a terminal.
type Notes struct {
	mu    sync.Mutex // guards all below
	lines []string
	seen  map[string]bool
}

// Core takes the place of the collector's own.
func (n *Notes) Core(zapcore.Core) zapcore.Core { return noteCore{notes: n} }

func (n *Notes) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen[line] || len(n.lines) == notesLimit {
		return
	}
	if n.seen == nil {
		n.seen = map[string]bool{}
	}
	n.seen[line] = true
	n.lines = append(n.lines, line)
}

// Lines are the notes.
func (n *Notes) Lines() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.lines)
}

// Drop forgets the notes about an endpoint, and of causes, of which the summary speaks.
func (n *Notes) Drop(endpoint string, causes []string) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = slices.DeleteFunc(n.lines, func(line string) bool {
		return strings.Contains(line, u.Host) || slices.ContainsFunc(causes, func(cause string) bool { return strings.Contains(line, cause) })
	})
}

// noteCore writes entries into notes, with the component and the error of each.
type noteCore struct {
	notes     *Notes
	component string
}

func (noteCore) Enabled(l zapcore.Level) bool { return l >= zapcore.WarnLevel }

func (c noteCore) With(fields []zapcore.Field) zapcore.Core {
	for _, f := range fields {
		if f.Key == "otelcol.component.id" {
			c.component = f.String
		}
	}
	return c
}

func (c noteCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return checked.AddCore(e, c)
	}
	return checked
}

func (c noteCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	line := e.Message
	for _, f := range fields {
		if err, ok := f.Interface.(error); ok && f.Type == zapcore.ErrorType {
			line = err.Error()
		}
	}
	if c.component != "" {
		line = c.component + ": " + line
	}
	c.notes.add(e.Level.String() + "  " + plaintext.Line(line))
	return nil
}

func (noteCore) Sync() error { return nil }

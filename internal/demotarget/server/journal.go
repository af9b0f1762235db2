package server

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net/http"
)

// Journal tells what happens to a request, for whoever looks for a fault.
type Journal interface {
	note(ctx context.Context, what string, value any)
}

// Printed is the mistake: log.Printf of everything, in indented JSON, written by
// the request itself under the logger's lock, whoever may read it or not.
type Printed struct{ log *log.Logger }

// NewPrinted writes to w.
func NewPrinted(w io.Writer) Printed {
	return Printed{log.New(w, "", log.LstdFlags|log.Lmicroseconds|log.Lshortfile)}
}

func (p Printed) note(_ context.Context, what string, value any) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		p.log.Printf("DEBUG: %s: %v", what, err)
		return
	}
	p.log.Printf("DEBUG: %s: %s", what, string(text))
}

// Leveled is the fix: structured lines that cost nothing unless their level is
// wanted.
type Leveled struct{ log *slog.Logger }

// NewLeveled writes debug lines to log.
func NewLeveled(log *slog.Logger) Leveled { return Leveled{log} }

func (l Leveled) note(ctx context.Context, what string, value any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.LogAttrs(ctx, slog.LevelDebug, what, slog.Any("value", value))
	}
}

// shown is what may be written of a request: all but what proves who sends it.
type shown struct {
	Method string
	Path   string
	Header http.Header
}

var secret = []string{"Authorization", "Cookie", "Proxy-Authorization"}

func (s shown) public() http.Header {
	h := s.Header.Clone()
	for _, name := range secret {
		if h.Get(name) != "" {
			h.Set(name, "…")
		}
	}
	return h
}

// MarshalJSON implements json.Marshaler.
func (s shown) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"method": s.Method, "path": s.Path, "header": s.public()})
}

// LogValue implements slog.LogValuer.
func (s shown) LogValue() slog.Value {
	return slog.GroupValue(slog.String("method", s.Method), slog.String("path", s.Path), slog.Any("header", s.public()))
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// printLines writes text of our own, of which parts may be from outside, to a terminal or
// a log. The text may have several lines; a part from outside that must not begin one is
// a plaintext.Line before.
func printLines(w io.Writer, format string, args ...any) {
	io.WriteString(w, plaintext.Lines(fmt.Sprintf(format, args...))+"\n")
}

// users are the user information of URLs.
var users = regexp.MustCompile(`([a-zA-Z]://)[^\s/"'@]+@`)

// withoutUsers takes user information out of the URLs in an error: the collector's own
// errors of --config have all of it.
func withoutUsers(text string) string { return users.ReplaceAllString(text, "$1") }

// printJSON writes a value as JSON that a terminal shows as it is.
func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(plaintext.JSON(text), '\n'))
	return err
}

// plainLog makes the entries of a log text and no more: those of gRPC and of exporters have
// words of servers, and zap writes a message, and all from C1 on in a field, as it is.
func plainLog(core zapcore.Core) zapcore.Core { return plainCore{core} }

type plainCore struct{ zapcore.Core }

// With implements zapcore.Core.
func (c plainCore) With(fields []zapcore.Field) zapcore.Core {
	return plainCore{c.Core.With(plainFields(fields))}
}

// Check implements zapcore.Core. The core within may decide by sampling, so it is asked.
func (c plainCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Core.Check(e, nil) == nil {
		return checked
	}
	return checked.AddCore(e, c)
}

// Write implements zapcore.Core.
func (c plainCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	e.Message = plaintext.AllLines(e.Message)
	return c.Core.Write(e, plainFields(fields))
}

// plainFields copies fields where it must.
func plainFields(fields []zapcore.Field) []zapcore.Field {
	plain := make([]zapcore.Field, len(fields))
	for i, f := range fields {
		err, isError := f.Interface.(error)
		switch {
		case f.Type == zapcore.StringType:
			f.String = plaintext.Line(f.String)
		case f.Type == zapcore.ErrorType && isError:
			if text := err.Error(); plaintext.Line(text) != text {
				f = zap.NamedError(f.Key, errors.New(plaintext.Line(text)))
			}
		}
		plain[i] = f
	}
	return plain
}

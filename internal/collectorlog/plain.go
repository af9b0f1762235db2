package collectorlog

import (
	"errors"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// Plain makes the entries of a log text and no more: those of gRPC and of exporters have
// words of servers, and zap writes a message, and all from C1 on in a field, as it is.
func Plain(core zapcore.Core) zapcore.Core { return plainCore{core} }

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

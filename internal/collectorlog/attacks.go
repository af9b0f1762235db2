package collectorlog

import (
	"strings"

	"go.uber.org/zap/zapcore"

	"github.com/loadtrace/loadtrace/loadgen/grpcengine"
)

// WithoutAttacks takes from a log what gRPC writes of the channels of attacks: a warning
// for each dial that fails. The records of the requests have that. gRPC has one logger in
// a process, so the lines of others, such as exporters, are told apart by what is in them.
func WithoutAttacks(core zapcore.Core) zapcore.Core { return attackless{core} }

type attackless struct{ zapcore.Core }

// With implements zapcore.Core.
func (a attackless) With(fields []zapcore.Field) zapcore.Core { return attackless{a.Core.With(fields)} }

// Check implements zapcore.Core.
func (a attackless) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if strings.Contains(e.Message, grpcengine.LogMark) {
		return checked
	}
	return a.Core.Check(e, checked)
}

package collectorlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/loadtrace/loadtrace/internal/plaintext/plaintexttest"
)

func TestAnEntryOfTheLogIsText(t *testing.T) {
	var out strings.Builder
	core := zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(&out), zap.DebugLevel)
	log := zap.New(Plain(core)).With(zap.String("a", plaintexttest.Texts[1]))
	for _, text := range plaintexttest.Texts {
		log.Debug(text[:min(len(text), 1000)], zap.String("b", text), zap.Error(fmt.Errorf("%s", text)))
	}
	log.Debug("line one\n\tline two")
	plaintexttest.Check(t, out.String())
	assert.Contains(t, out.String(), "line one\n\tline two")
}

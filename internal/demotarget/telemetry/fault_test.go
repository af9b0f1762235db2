package telemetry

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFaultsAreToldOnceInTenSecondsAndOthersCounted(t *testing.T) {
	var log bytes.Buffer
	f := &faults{log: slog.New(slog.NewTextHandler(&log, nil))}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for second := range 12 {
		f.report(begin.Add(time.Duration(second)*time.Second), errors.New("refused"))
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	assert.Len(t, lines, 2)
	assert.Contains(t, lines[0], "error=refused faults_not_shown=0")
	assert.Contains(t, lines[1], "faults_not_shown=9")
}

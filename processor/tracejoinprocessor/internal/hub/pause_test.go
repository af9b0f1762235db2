package hub

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor/internal/annotate"
)

// A payload of 300,000 points kept all joins waiting until each was read. The window says
// how often it pauses.
func TestOthersHaveTheLockInAPause(t *testing.T) {
	targets := newTargets(Clients{}.generator)
	had := atomic.Bool{}
	targets.mu.Lock()
	go func() {
		targets.instances()
		had.Store(true)
	}()
	for !had.Load() {
		targets.window.Pause()
	}
	targets.mu.Unlock()
}

func TestALookAtManyResultsPauses(t *testing.T) {
	targets, pauses := newTargets(Clients{}.generator), 0
	targets.window.Pause = func() { pauses++ }
	targets.resolve(make([]annotate.Result, 5*stretch), time.Minute)
	assert.Equal(t, 10, pauses)
}

package session

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// It was "start the collector: cannot start pipelines: failed to start "loadgen"
// receiver: prepare the plan: …".
func TestAFaultOfThePlanWearsNoWordsOfTheCollector(t *testing.T) {
	key := &pace.KeyError{Key: "attacks[0].grpc.proto", What: "is wrong", Fix: "correct it"}
	for _, id := range []string{`"loadgen"`, `"loadgen/other"`} {
		err := startFault(fmt.Errorf("cannot start pipelines: %w", fmt.Errorf("failed to start %s receiver: %w", id, fmt.Errorf("prepare the plan: %w", key))))
		require.EqualError(t, err, "prepare the plan: attacks[0].grpc.proto: is wrong; correct it")
		assert.ErrorIs(t, err, error(key))
	}
	other := errors.New(`cannot start pipelines: failed to start "prometheus" exporter: address in use`)
	require.EqualError(t, startFault(other), "start the collector: "+other.Error())
}

package exposition

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the exporter has of its own is in its own namespaces: a target's series
// could displace it elsewhere, and another convention could mean something else.
func TestTheExportersFamiliesHaveItsPrefixesOrNamesOfTheConventions(t *testing.T) {
	conventions := map[string]bool{
		"go_memory_used_bytes": true, "go_memory_allocated_bytes_total": true, "go_memory_allocations_total": true,
		"go_memory_gc_cycles_total": true, "go_memory_gc_goal_bytes": true, // of OpenTelemetry
		"go_goroutines": true, "go_threads": true, // of client_golang
	}
	kinds, err := ownKinds()
	require.NoError(t, err)
	require.Len(t, kinds, 15)
	for name := range kinds {
		assert.True(t, conventions[name] || strings.HasPrefix(name, ownPrefix) || strings.HasPrefix(name, "goruntime_"), name)
	}
}

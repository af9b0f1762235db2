package attr

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Back ends that map names to nested objects (Elasticsearch, OpenSearch) refuse a
// document in which loadgen.plan is a text and loadgen.plan.name a field of it.
func TestNoNameIsANamespaceToo(t *testing.T) {
	// Names of events and spans are values, and never keys.
	values := map[string]bool{
		SpanRun: true, EventLog: true, EventMessage: true, EventRunStart: true, EventAttackStart: true, EventStageStart: true,
		EventAttackSpeed: true, EventAttackStop: true, EventRunStop: true,
	}
	var keys []string
	for _, name := range names {
		if values[name] {
			continue
		}
		keys = append(keys, name)
		if strings.HasPrefix(name, "join.runtime.") {
			keys = append(keys, name+JoinRuntimeAgeSuffix)
		}
	}
	require.Greater(t, len(keys), 100)
	for _, name := range keys {
		for _, other := range keys {
			if !strings.HasSuffix(name, ".") { // the beginning of many, and no name
				assert.False(t, strings.HasPrefix(other, name+"."), "%s is a namespace, too: %s", name, other)
			}
		}
	}
}

package session

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/processor/tracejoinprocessor"
)

// With two joins in a user's configuration, each of which had all requests, "164 requests"
// of 82 were joined.
func TestARequestIsCountedOnceHoweverManyJoinsHaveIt(t *testing.T) {
	type c = tracejoinprocessor.Coverage
	for _, of := range []struct {
		all  []c
		made uint64
		want []c
	}{
		{nil, 83, nil},
		{[]c{{None: 82}}, 83, []c{{None: 82}}},
		{[]c{{None: 82}, {Complete: 82}}, 83, []c{{Complete: 82}}},
		{[]c{{Partial: 82}, {Complete: 81}}, 83, []c{{Partial: 82}}},
		{[]c{{Complete: 40}, {Complete: 42}}, 83, []c{{Complete: 40}, {Complete: 42}}}, // routed by their ids
		{[]c{{Complete: 82}, {}}, 83, []c{{Complete: 82}, {}}},
	} {
		assert.Equal(t, of.want, once(of.all, of.made), "%v", of.all)
	}
}

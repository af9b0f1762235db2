package dashboards

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The ledger was divided by all requests of the generator: with a tenth of them
// sampled, and so joined, a mean of 100 ms was shown as 10 ms.
func TestAMeanIsOverTheRequestsThatItsPartsAreOf(t *testing.T) {
	wholes := map[string]string{"Mean request by phase": responseTime, "Mean response time by component, joined": joinResponse}
	for _, p := range runParts() {
		whole, ok := wholes[p.title]
		require.True(t, ok, p.title)
		for _, q := range p.queries {
			_, divisor, found := strings.Cut(q.expr, " / ")
			require.True(t, found)
			assert.Contains(t, divisor, "histogram_count(rate("+whole+"{", p.title)
			delete(wholes, p.title)
		}
	}
	assert.Empty(t, wholes)
}

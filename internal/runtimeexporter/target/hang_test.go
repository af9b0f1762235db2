package target

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// silent never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// All endpoints hang, and together they cost one timeout, to the nanosecond: it is virtual
// time.
func TestATargetThatHangsIsAskedForItsTimeoutAndNoLonger(t *testing.T) {
	for _, timeout := range []time.Duration{50 * time.Millisecond, 7 * time.Second} {
		one, err := New(Config{Service: "auth", Address: "127.0.0.1:1", Timeout: timeout, HTTP: promconfig.DefaultHTTPClientConfig})
		require.NoError(t, err)
		one.client.Transport = silent{}
		synctest.Test(t, func(t *testing.T) {
			answer := one.Ask(t.Context())
			assert.Equal(t, timeout, answer.Took)
			require.NotEmpty(t, answer.Faults)
			for _, f := range answer.Faults {
				assert.Equal(t, ReasonTimeout, f.Reason)
			}
		})
	}
}

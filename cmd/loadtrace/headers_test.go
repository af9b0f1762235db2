package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpguts"
	"pgregory.net/rapid"
)

// Whatever a line of headers is, what is taken of it can be sent, and an error does not show
// its value. It is no fuzz test, for which all of the collector would be compiled again.
func TestWhateverALineOfHeadersIsItIsAHeaderOrAnErrorWithoutItsValue(t *testing.T) {
	t.Setenv("LINE_SECRET", "hidden\r\n")
	part := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"=", "${env:LINE_SECRET}", "${env:", "\r\n", "x-api-key", "a=b"}))
	rapid.Check(t, func(t *rapid.T) {
		value := "value-" + strings.Join(rapid.SliceOfN(part, 0, 3).Draw(t, "value"), "")
		headers := map[string]string{"A": "earlier"}
		err := addHeader(headers, strings.Join(rapid.SliceOfN(part, 0, 3).Draw(t, "key"), "")+"="+value)
		if err != nil {
			require.NotContains(t, err.Error(), value)
			require.NotContains(t, err.Error(), "hidden")
		}
		for name, value := range headers {
			require.True(t, httpguts.ValidHeaderFieldName(name), "%q", name)
			require.True(t, httpguts.ValidHeaderFieldValue(value), "%q", value)
		}
	})
}

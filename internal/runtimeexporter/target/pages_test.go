package target

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A page that takes longer to read than the target may take would hold up the
// answers of the other targets.
func TestReadingAPageEndsWithItsTime(t *testing.T) {
	var body strings.Builder
	for i := range 10_000 {
		body.WriteString("a" + strconv.Itoa(i) + " 1\n")
	}
	all := regexp.MustCompile(".*")
	for _, kind := range []string{"text/plain", "application/openmetrics-text", "application/vnd.google.protobuf"} {
		header := http.Header{"Content-Type": {kind}}
		for _, until := range []int{0, 1, 5_000} {
			ctx := &endsAfter{Context: t.Context(), looks: until}
			_, err := readFamilies(ctx, header, strings.NewReader(body.String()+"# EOF\n"), all)
			require.ErrorIs(t, err, context.DeadlineExceeded, kind)
			assert.Equal(t, ReasonTimeout, reason(err))
			if kind == "application/vnd.google.protobuf" {
				break // what is text is one family of garbage
			}
		}
	}
}

// endsAfter is a context that ends when it was looked at so many times.
type endsAfter struct {
	context.Context
	looks int
}

func (c *endsAfter) Err() error {
	if c.looks--; c.looks < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// A page may be 16 million families that are none.
func TestTheFaultsOfAPageAreBoundedAndCounted(t *testing.T) {
	all := regexp.MustCompile(".*")
	for kind, body := range map[string]string{
		"application/vnd.google.protobuf": strings.Repeat("\x00", 1000),
		"text/plain": strings.Repeat("a{ 1\n", 1) + func() (s string) {
			for i := range 999 {
				s += "a" + strconv.Itoa(i) + "{ 1\n"
			}
			return
		}(),
	} {
		_, err := readFamilies(t.Context(), http.Header{"Content-Type": {kind}}, strings.NewReader(body), all)
		require.Error(t, err)
		assert.Contains(t, err.Error(), "and 995 more", kind)
		assert.Less(t, len(err.Error()), 2000, kind)
	}
}

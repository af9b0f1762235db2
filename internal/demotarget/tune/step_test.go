package tune

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStepsAreReadByNameAndByNumber(t *testing.T) {
	for text, want := range map[string]Set{
		"none":              None,
		"all":               All,
		"1":                 None.With(KeepAlive),
		"1,3,5":             None.With(KeepAlive).With(GRPC).With(Logging),
		"keep-alive, pools": None.With(KeepAlive).With(Pools),
		"http2,7":           None.With(HTTP2),
		"1,2,3,4,5,6,7":     All,
	} {
		got, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestWhatIsNoStepIsNamedWithItsCure(t *testing.T) {
	for _, text := range []string{"", "0", "8", "256", "faster", "1,,2", "none,1", "all,1"} {
		_, err := Parse(text)
		assert.ErrorContains(t, err, "is not a step; write none, all, or some of keep-alive,pools,", text)
	}
}

func TestASetIsWrittenAsItIsRead(t *testing.T) {
	for set := range All {
		got, err := Parse(set.String())
		require.NoError(t, err)
		assert.Equal(t, set, got, set.String())
	}
}

func TestStepsAreNumberedInTheirOrder(t *testing.T) {
	set := None
	for i, d := range Steps() {
		assert.EqualValues(t, i+1, d.Step)
		assert.Equal(t, d.Name, d.Step.String())
		assert.False(t, set.Has(d.Step))
		set = set.With(d.Step)
		assert.True(t, set.Has(d.Step))
	}
	assert.Equal(t, All, set)
}

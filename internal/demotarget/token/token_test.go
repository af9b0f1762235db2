package token

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADigestIsTheHMACOfTheToken(t *testing.T) {
	// RFC 4231, test case 2.
	got := Key("Jefe").Digest("what do ya want for nothing?")
	assert.Equal(t, Digest("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"), got)
}

func TestTwoKeysFileAnotherDigestForTheSameToken(t *testing.T) {
	assert.NotEqual(t, Key("a").Digest("demo-0001"), Key("b").Digest("demo-0001"))
}

func TestClaimsHoldUntilTheInstantOfExpiry(t *testing.T) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := Claims{ExpiresAt: at}
	assert.False(t, c.Expired(at.Add(-time.Nanosecond)))
	assert.True(t, c.Expired(at))
}

func TestEveryTwentiethDemoTokenHasExpired(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	records := DemoRecords(Key("k"))
	require.Len(t, records, Demos)
	expired := 0
	for _, c := range records {
		if c.Expired(now) {
			expired++
		}
	}
	assert.Equal(t, Demos/20, expired)
	assert.True(t, records[Key("k").Digest("demo-0020")].Expired(now))
	assert.False(t, records[Key("k").Digest("demo-0001")].Expired(now))
}

func TestDemoTokensAreNumberedFromOneWithFourDigits(t *testing.T) {
	assert.Equal(t, "demo-0001", Demo(1))
	assert.Equal(t, "demo-5000", Demo(Demos))
}

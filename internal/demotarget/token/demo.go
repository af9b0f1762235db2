package token

import (
	"fmt"
	"time"
)

// Demos is how many demo tokens there are.
const Demos = 5000

// expiredEvery makes each 20th demo token an expired one: 250 of 5,000.
const expiredEvery = 20

// The times of demo tokens are fixed, so that the same token always gets the
// same answer.
var (
	demoPast   = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	demoFuture = time.Date(2099, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// Demo is the n-th demo token, n from 1 to Demos: demo-0001, demo-0002, …
func Demo(n int) string { return fmt.Sprintf("demo-%04d", n) }

// DemoClaims are the claims of the n-th demo token. Every 20th has expired.
func DemoClaims(n int) Claims {
	c := Claims{
		Subject:   fmt.Sprintf("user-%04d", n),
		Scopes:    demoScopes(n),
		ExpiresAt: demoFuture,
	}
	if n%expiredEvery == 0 {
		c.ExpiresAt = demoPast
	}
	return c
}

func demoScopes(n int) []string {
	switch {
	case n%100 == 1:
		return []string{"orders:read", "orders:write", "admin"}
	case n%3 == 0:
		return []string{"orders:read", "orders:write"}
	default:
		return []string{"orders:read"}
	}
}

// DemoRecords are the claims of all demo tokens, filed by digest.
func DemoRecords(k Key) map[Digest]Claims {
	records := make(map[Digest]Claims, Demos)
	for n := 1; n <= Demos; n++ {
		records[k.Digest(Demo(n))] = DemoClaims(n)
	}
	return records
}

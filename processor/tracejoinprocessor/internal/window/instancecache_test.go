package window

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// With 7ed9d53 each new instance cost a look at all of them, under the lock that joins
// need: 2 s for a payload of 80,000.
func TestTheMemberThatWasSilentLongestLeaves(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	c := newInstanceCache[struct{}]()
	fed := map[Identity]int64{} // of those that are there, by a plain look at all
	for now := int64(1); now < 8_000; now++ {
		id := Identity{Service: "s", Instance: fmt.Sprint(dice.IntN(3 * MaxInstances))}
		if _, known := fed[id]; !known && len(fed) == MaxInstances {
			var oldest Identity
			for id, at := range fed {
				if oldest == (Identity{}) || at < fed[oldest] {
					oldest = id
				}
			}
			delete(fed, oldest)
		}
		fed[id] = now
		c.member(id).updated = now
		if len(fed) != len(c.members) {
			t.Fatalf("%d instead of %d", len(c.members), len(fed))
		}
		if now%97 != 0 {
			continue
		}
		for id := range fed {
			if c.members[id] == nil {
				t.Fatalf("%v has left", id)
			}
		}
	}
}

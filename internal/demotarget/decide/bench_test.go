package decide

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/loadtrace/loadtrace/internal/demotarget/policy"
)

// Many who ask at once, each about a subject of its own, with as many grants as
// the demo's tokens have.
func BenchmarkPools(b *testing.B) {
	var grants []policy.Grant
	for i := range 24 {
		grants = append(grants, policy.Grant{Action: "read", Resource: "orders/*/" + strconv.Itoa(i)})
	}
	for name, start := range map[string]func() Pool{
		"single":  func() Pool { return NewSingle() },
		"sharded": func() Pool { return NewSharded() },
	} {
		b.Run(name, func(b *testing.B) {
			p := start()
			defer p.Close()
			var asker atomic.Int64
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				q := Question{Subject: strconv.FormatInt(asker.Add(1), 10), Action: "read", Resource: "orders/17/3", Grants: grants}
				for pb.Next() {
					if _, err := p.Decide(b.Context(), q); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

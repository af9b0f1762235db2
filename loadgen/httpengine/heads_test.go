package httpengine

import (
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/httpengine/internal/wire"
)

// The bound of docs/plan.md: heads that come slowly over many connections take no more
// memory than their length and a half, and none when they are read.
func TestLargeHeadsTakeTheirLengthInMemoryAndGiveItBack(t *testing.T) {
	const n, end = 10, "Content-Length: 0\r\n\r\n"
	for name, fields := range map[string]string{
		"one line":   "X-Long: " + strings.Repeat("x", wire.MaxHead-100) + "\r\n",
		"many lines": strings.Repeat("X-Long: "+strings.Repeat("x", 990)+"\r\n", wire.MaxHead/1001),
		"folded":     "X-Long: a\r\n" + strings.Repeat(" "+strings.Repeat("x", 997)+"\r\n", wire.MaxHead/1001),
	} {
		t.Run(name, func(t *testing.T) {
			a := attackOn("http://target.test/")
			a.HTTP.Timeout = time.Hour
			bothRigsInABubble(t, a, &bubbled{reply: func(c net.Conn, _ int) bool {
				io.WriteString(c, ok+fields)
				time.Sleep(time.Minute)
				_, err := io.WriteString(c, end)
				return err == nil
			}}, func(t *testing.T, rig *rig) {
				before := live()
				var under sync.WaitGroup
				for range n {
					under.Go(func() {
						r := rig.send(0)
						assert.Equal(t, loadgen.Finished, r.Outcome, r.ErrorText)
					})
				}
				time.Sleep(time.Second)
				assert.Less(t, (live()-before)/n, int64(wire.MaxHead*3/2))
				under.Wait()
				synctest.Wait()
				assert.Less(t, (live()-before)/n, int64(128<<10))
			})
		})
	}
}

// live is how many bytes of the heap are in use.
func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

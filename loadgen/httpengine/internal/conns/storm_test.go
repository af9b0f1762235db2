package conns

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// Whatever a target does, no more connections are open than may be, each request
// ends within its timeout, and the pool has nothing left over.
func TestAStormLeavesNothingOver(t *testing.T) {
	for seed := range uint64(6) {
		inBubble(t, func(b *bed) {
			dice := &dice{Rand: rand.New(rand.NewPCG(seed, seed))}
			b.options.Most, b.options.Timeout = 1+dice.upTo(3), 500*ms
			b.options.KeepAlive, b.slow = seed%5 != 4, dice.time(5)
			r := b.byHand(streamsAllowed(uint32(1+dice.upTo(5))), func(c *rawConn, stream uint32) {
				time.Sleep(dice.time(20))
				if dice.calm() {
					c.ok(stream)
					return
				}
				switch dice.upTo(20) {
				case 0:
					c.reset(stream, http2.ErrCodeRefusedStream)
				case 1:
					c.reset(stream, http2.ErrCodeProtocol)
				case 2:
					c.goAway(stream, http2.ErrCodeNo)
					c.ok(stream)
				case 3:
					c.goAway(stream-2, http2.ErrCodeNo)
				case 4:
					c.Close()
				case 5:
					c.settings(streamsAllowed(uint32(dice.upTo(4)))...)
					time.Sleep(dice.time(20))
					c.settings(streamsAllowed(uint32(1 + dice.upTo(4)))...)
					c.ok(stream)
				case 6: // nothing
				default:
					c.ok(stream)
				}
			})
			b.start()
			var under sync.WaitGroup
			for range 200 {
				under.Go(func() {
					timeout := 10*ms + dice.time(200)
					got := b.within(timeout)
					assert.LessOrEqual(b, got.took, timeout+ms)
				})
				time.Sleep(dice.time(2))
			}
			under.Wait()
			dice.settle()
			time.Sleep(2 * b.options.Timeout) // a connection that answers nothing is closed by then
			synctest.Wait()
			require.NoError(b, b.within(time.Second).err)
			synctest.Wait()
			_, peak := b.counts()
			assert.LessOrEqual(b, peak, b.options.Most)
			b.nothingLeft(r)
		})
	}
}

// nothingLeft checks the books of all pools.
func (b *bed) nothingLeft(*raw) {
	for _, p := range b.set.pools {
		p.mu.Lock()
		defer p.mu.Unlock()
		idle := 0
		for c := range p.conns {
			assert.Zero(b, c.active)
			assert.Zero(b, c.starting.Load())
			assert.False(b, c.dead)
			idle++
		}
		assert.Equal(b, idle, p.idle)
		assert.Equal(b, len(p.conns), p.open, fmt.Sprint(len(p.dials)))
		assert.Zero(b, p.waiting.Len())
		assert.Zero(b, p.waiters.Load())
		b.mu.Lock()
		assert.Equal(b, p.open, b.open)
		b.mu.Unlock()
	}
}

// dice are random, and may be thrown by any goroutine.
type dice struct {
	mu sync.Mutex // guards all below
	*rand.Rand
	settled bool
}

func (d *dice) upTo(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.IntN(n)
}

func (d *dice) time(n int) time.Duration { return time.Duration(d.upTo(n * int(ms))) }

func (d *dice) settle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled = true
}

func (d *dice) calm() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settled
}

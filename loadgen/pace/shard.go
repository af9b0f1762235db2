package pace

import (
	"fmt"
	"strconv"
	"strings"
)

// Shard identifies one of Count processes that run a schedule together. Each takes
// one of every Count requests in turn, so that each keeps the schedule's shape and its
// intended times. The zero value is the whole schedule.
type Shard struct {
	Index int // from 0
	Count int
}

// ParseShard reads INDEX/COUNT, as Shard.String writes it.
func ParseShard(s string) (Shard, error) {
	fault := fmt.Errorf("%q is not a shard; write INDEX/COUNT, the index from 0, for instance 0/8 for the first of eight", s)
	index, count, ok := strings.Cut(s, "/")
	if !ok {
		return Shard{}, fault
	}
	i, errIndex := strconv.Atoi(index)
	n, errCount := strconv.Atoi(count)
	if errIndex != nil || errCount != nil || n == 0 {
		return Shard{}, fault
	}
	parsed := Shard{Index: i, Count: n}
	return parsed, parsed.Check()
}

// MaxShards bounds Shard.Count.
const MaxShards = 10_000

// Check returns an error if the index or the count is out of range.
func (s Shard) Check() error {
	switch {
	case s == Shard{}:
		return nil
	case s.Count < 1 || s.Count > MaxShards:
		return fmt.Errorf("%d shards: write 1 to %d", s.Count, MaxShards)
	case s.Index < 0 || s.Index >= s.Count:
		return fmt.Errorf("there is no shard %s: the index counts from 0; write 0 to %d", s, s.Count-1)
	}
	return nil
}

// Whole reports whether the shard is the whole schedule.
func (s Shard) Whole() bool { return s.Count <= 1 }

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Share returns the shard's share of n things, which are divided as evenly as possible.
// The shares of all shards add up to n.
func (s Shard) Share(n int) int {
	if s.Whole() {
		return n
	}
	share := n / s.Count
	if s.Index < n%s.Count {
		share++
	}
	return share
}

// of returns how many of n numbers from first on belong to the shard, and how many come
// before the first of them.
func (s Shard) of(first, n uint64) (own, skip uint64) {
	count, index := uint64(s.Count), uint64(s.Index)
	skip = (index + count - first%count) % count
	if skip >= n {
		return 0, skip
	}
	return (n-skip-1)/count + 1, skip
}

// Shard returns one shard of s. Its requests are numbered from 0, as in any schedule;
// Number converts to the numbers in s. It takes the requests whose number in s is its
// index modulo the count. A closed loop with a duration counts as no requests there,
// since their number is not known beforehand; its workers are not divided here, since
// they belong to the stage.
//
// It panics if the shard is out of range, or if s is a shard already.
func (s *Schedule) Shard(of Shard) *Schedule {
	if err := of.Check(); err != nil || s.shard != (Shard{}) {
		panic(fmt.Sprintf("pace: shard %s of %s: %v", of, s.shard, err))
	}
	if of.Whole() {
		return s
	}
	out := &Schedule{shard: of, spans: make([]span, len(s.spans))}
	first := uint64(0)
	for i := range s.spans {
		whole := s.spans[i]
		out.spans[i] = whole
		out.spans[i].requests, out.spans[i].skip = of.of(first, whole.requests)
		out.spans[i].step = uint64(of.Count)
		first += whole.requests
	}
	out.locate()
	return out
}

// Number returns the number of request n in the whole schedule, which is n itself if s is
// that. The requests of all shards have different numbers. Behind a closed loop with a
// duration the numbers have gaps, since each shard sends there what it can.
func (s *Schedule) Number(n uint64) uint64 {
	if s.shard.Whole() {
		return n
	}
	return n*uint64(s.shard.Count) + uint64(s.shard.Index)
}

package pace

import (
	"fmt"
	"strconv"
	"strings"
)

// Part is one of Count processes that carry out a schedule together: of every
// Count hits in turn it takes one, so that each of them keeps the schedule's shape
// and its intended times. The zero value is the whole.
type Part struct {
	Index int // from 0
	Count int
}

// ParsePart reads INDEX/COUNT, as Part.String writes it.
func ParsePart(s string) (Part, error) {
	fault := fmt.Errorf("%q is no part; write INDEX/COUNT, the index from 0, for instance 0/8 for the first of eight", s)
	index, count, ok := strings.Cut(s, "/")
	if !ok {
		return Part{}, fault
	}
	i, errIndex := strconv.Atoi(index)
	n, errCount := strconv.Atoi(count)
	if errIndex != nil || errCount != nil || n == 0 {
		return Part{}, fault
	}
	p := Part{Index: i, Count: n}
	return p, p.Check()
}

// MaxParts bounds Part.Count.
const MaxParts = 10_000

// Check finds a part that there cannot be.
func (p Part) Check() error {
	switch {
	case p == Part{}:
		return nil
	case p.Count < 1 || p.Count > MaxParts:
		return fmt.Errorf("%d parts: write 1 to %d", p.Count, MaxParts)
	case p.Index < 0 || p.Index >= p.Count:
		return fmt.Errorf("there is no part %s: the index counts from 0; write 0 to %d", p, p.Count-1)
	}
	return nil
}

// Whole reports whether the part is everything.
func (p Part) Whole() bool { return p.Count <= 1 }

func (p Part) String() string { return fmt.Sprintf("%d/%d", p.Index, p.Count) }

// Share is the part's of n things that are divided as evenly as can be; the shares
// of all parts add up to n.
func (p Part) Share(n int) int {
	if p.Whole() {
		return n
	}
	share := n / p.Count
	if p.Index < n%p.Count {
		share++
	}
	return share
}

// of is how many of n numbers from first on are the part's, and how many come
// before the first of them.
func (p Part) of(first, n uint64) (hits, skip uint64) {
	count, index := uint64(p.Count), uint64(p.Index)
	skip = (index + count - first%count) % count
	if skip >= n {
		return 0, skip
	}
	return (n-skip-1)/count + 1, skip
}

// Part is the schedule of one of the processes that carry s out together. Its hits
// are numbered from 0 as any schedule's are; Number is what they are in s. It
// takes the hits whose number in s is its index modulo the count. A closed loop
// with a duration, whose hits nobody knows beforehand, counts as none there; its
// workers are not divided here, since they are the stage's own.
//
// It panics if the part cannot be, or s is a part already.
func (s *Schedule) Part(p Part) *Schedule {
	if err := p.Check(); err != nil || s.part != (Part{}) {
		panic(fmt.Sprintf("pace: part %s of %s: %v", p, s.part, err))
	}
	if p.Whole() {
		return s
	}
	part := &Schedule{part: p, spans: make([]span, len(s.spans))}
	first := uint64(0)
	for i := range s.spans {
		whole := s.spans[i]
		part.spans[i] = whole
		part.spans[i].hits, part.spans[i].skip = p.of(first, whole.hits)
		part.spans[i].step = uint64(p.Count)
		first += whole.hits
	}
	part.locate()
	return part
}

// Number is the number of hit n in the whole schedule; n itself if s is that. No
// two hits of all parts have the same. Behind a closed loop with a duration the
// numbers do not follow each other, since parts gave out there what they could.
func (s *Schedule) Number(n uint64) uint64 {
	if s.part.Whole() {
		return n
	}
	return n*uint64(s.part.Count) + uint64(s.part.Index)
}

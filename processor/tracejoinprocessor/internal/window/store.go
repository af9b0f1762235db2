package window

import (
	"math"
	"time"
)

// MaxInstances bounds the rings: 1024 of them take about 6 MB. A further one takes
// the place of that which was silent longest.
const MaxInstances = 1024

// Identity names an instance: service.name and service.instance.id of a resource.
type Identity struct {
	Service, Instance string
}

// Store has the samples of all instances.
type Store struct {
	instances map[Identity]*instance
	evicted   uint64
}

type instance struct {
	ring
	fed      int64 // the latest sample's time
	scraped  bool  // its times are the collector's, not its own
	schedule histogram
	sums     [fields]float64 // of deltas
}

// NewStore makes an empty store.
func NewStore() *Store { return &Store{instances: map[Identity]*instance{}} }

// Evicted is how many instances had to make room for others.
func (s *Store) Evicted() uint64 { return s.evicted }

// Len is how many instances there are.
func (s *Store) Len() int { return len(s.instances) }

func (s *Store) instance(id Identity) *instance {
	in := s.instances[id]
	if in != nil {
		return in
	}
	if len(s.instances) >= MaxInstances {
		s.evict()
	}
	in = &instance{}
	s.instances[id] = in
	return in
}

func (s *Store) evict() {
	oldest, since := Identity{}, int64(math.MaxInt64)
	for id, in := range s.instances {
		if in.fed < since {
			oldest, since = id, in.fed
		}
	}
	delete(s.instances, oldest)
	s.evicted++
}

// Resolutions: how an instance was found.
const (
	ByInstance = "instance" // service.instance.id is that of the server span
	ByService  = "service"  // the service has one instance only
)

// find is the instance of a server span. Scraped ones name themselves after their
// address, so that an id that is not found may still be told by the service, if
// it has one instance only.
func (s *Store) find(id Identity) (*instance, string) {
	if in := s.instances[id]; in != nil && id.Instance != "" {
		return in, ByInstance
	}
	var only *instance
	for other, in := range s.instances {
		switch {
		case other.Service != id.Service || id.Service == "":
		case only != nil:
			return nil, ""
		default:
			only = in
		}
	}
	if only == nil {
		return nil, ""
	}
	return only, ByService
}

// Question is an interval of an instance's work.
type Question struct {
	Of     Identity
	Began  time.Time // by the instance's clock
	Ended  time.Time
	Offset time.Duration // the instance's clock − the collector's
	MaxAge time.Duration // samples further away than this are not told
}

// Value is a figure and how old its sample was when the work ended. That of a
// count is the sample before the work; Width is from it to the one after.
type Value struct {
	V     float64
	Age   time.Duration
	Width time.Duration
	OK    bool
}

// Answer is what the samples say of an interval.
type Answer struct {
	Resolution string // empty if the instance has no samples
	TooOld     bool   // there are samples, and none near enough
	Levels     [levels]Value
	// Counts are differences over Window, from a sample before the work to one
	// after it; each is false where there are no two such samples.
	Counts [fields]Value
	Window time.Duration // the longest of the counts'
}

// Known reports whether there is any figure.
func (a Answer) Known() bool {
	for i := range a.Levels {
		if a.Levels[i].OK {
			return true
		}
	}
	for i := range a.Counts {
		if a.Counts[i].OK {
			return true
		}
	}
	return false
}

// Ask tells the runtime of an interval.
func (s *Store) Ask(q Question) (a Answer) {
	in, how := s.find(q.Of)
	if in == nil {
		return a
	}
	a.Resolution = how
	began, ended := q.Began.UnixNano(), q.Ended.UnixNano()
	if in.scraped {
		began, ended = began-int64(q.Offset), ended-int64(q.Offset)
	}
	for f := range levels {
		a.Levels[f] = in.level(f, ended, q.MaxAge)
	}
	for f := levels; f < fields; f++ {
		a.Counts[f] = in.count(f, began, ended, q.MaxAge)
		a.Window = max(a.Window, a.Counts[f].Width)
	}
	a.TooOld = !a.Known()
	return a
}

func (in *instance) level(f Field, at int64, maxAge time.Duration) Value {
	s := in.last(f, at)
	if s == nil || at-s.At > int64(maxAge) {
		return Value{}
	}
	return Value{V: s.V[f], Age: time.Duration(at - s.At), OK: true}
}

func (in *instance) count(f Field, began, ended int64, maxAge time.Duration) (none Value) {
	before, after := in.last(f, began), in.first(f, ended)
	if before == nil || after == nil || began-before.At > int64(maxAge) || after.At-ended > int64(maxAge) {
		return none
	}
	d := after.V[f] - before.V[f]
	if d < 0 || after.At == before.At { // the process was restarted in between; or nothing is between
		return none
	}
	return Value{V: d, Age: time.Duration(ended - before.At), Width: time.Duration(after.At - before.At), OK: true}
}

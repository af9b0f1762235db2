package window

import (
	"cmp"
	"slices"
)

// MaxInstances bounds an instance cache: 1024 instances take about 11 MB of samples, and 20 MB
// of cycles if all collect garbage as often as is remembered. A further one takes
// the place of that which was silent longest.
const MaxInstances = 1024

// instanceCache holds a T for each instance.
type instanceCache[T any] struct {
	members    map[Identity]*member[T]
	named      map[nameKey][]*member[T] // of, by service
	services   map[string]bool          // of all that ever were, the first maxServices
	evicted    uint64
	candidates []candidate[T] // to evict next, unless they are updated
}

// maxServices bounds the services that are known to have sent something.
const maxServices = 4096

// nameKey is a service of a namespace, which is empty of those that do not say theirs; or
// of whichever namespace.
type nameKey struct {
	service, namespace string
	any                bool
}

type member[T any] struct {
	id      Identity
	updated int64 // the latest time of its data
	value   T
}

func newInstanceCache[T any]() instanceCache[T] {
	return instanceCache[T]{members: map[Identity]*member[T]{}, named: map[nameKey][]*member[T]{}, services: map[string]bool{}}
}

func (c *instanceCache[T]) member(id Identity) *member[T] {
	m := c.members[id]
	if m != nil {
		return m
	}
	if len(c.members) >= MaxInstances {
		c.evict()
	}
	if len(c.services) < maxServices {
		c.services[id.Service] = true
	}
	m = &member[T]{id: id}
	c.members[id] = m
	for _, key := range keysOf(id) {
		c.named[key] = append(c.named[key], m)
	}
	return m
}

// keysOf an instance's service.
func keysOf(id Identity) [2]nameKey {
	return [2]nameKey{{service: id.Service, namespace: id.Namespace}, {service: id.Service, any: true}}
}

func (c *instanceCache[T]) remove(m *member[T]) {
	delete(c.members, m.id)
	for _, key := range keysOf(m.id) {
		all := c.named[key]
		i, last := slices.Index(all, m), len(all)-1
		all[i], all[last] = all[last], nil
		if c.named[key] = all[:last]; last == 0 {
			delete(c.named, key)
		}
	}
}

// evict removes the member that was updated longest ago. One pass over all members finds
// the next candidates too, since a payload may name any number of instances.
func (c *instanceCache[T]) evict() {
	for {
		for len(c.candidates) > 0 {
			next := c.candidates[0]
			c.candidates = c.candidates[1:]
			if m := c.members[next.member.id]; m == next.member && m.updated == next.updated { // else it was updated since
				c.remove(m)
				c.evicted++
				return
			}
		}
		all := make([]candidate[T], 0, len(c.members))
		for _, m := range c.members {
			all = append(all, candidate[T]{m, m.updated})
		}
		slices.SortFunc(all, func(a, b candidate[T]) int { return cmp.Compare(a.updated, b.updated) })
		c.candidates = all[:min(len(all), candidateCount)]
	}
}

// candidate is a member to evict next, unless it was updated since.
type candidate[T any] struct {
	member  *member[T]
	updated int64
}

// candidateCount is how many candidates one pass finds.
const candidateCount = MaxInstances / 16

// Resolutions: how an instance was found.
const (
	ByInstance = "instance" // service.instance.id is that of the server span
	ByService  = "service"  // the service has one instance only
)

// find is what is known of the instance of a server span. Where one side does not
// say its instance, or names it otherwise, it may still be found by the service, if
// that has one instance only; named says that cached instances have the
// names that server spans call them by, so that another name is another instance.
func (c *instanceCache[T]) find(id Identity, named bool) (of *T, resolution string) {
	if len(c.members) == 0 {
		return nil, ""
	}
	if m := c.instance(id); m != nil {
		return &m.value, ByInstance
	}
	if id.Service == "" {
		return nil, ""
	}
	for _, key := range id.services() {
		for _, m := range c.named[key] { // at most two of them are looked at
			if of != nil || named && id.other(m.id) {
				return nil, "" // it is not known which one it was, or it was another
			}
			of = &m.value
		}
	}
	if of == nil {
		return nil, ""
	}
	return of, ByService
}

// instance is the member that a server span names, if it names one. Samples may not
// say the namespace that the span does.
func (c *instanceCache[T]) instance(id Identity) *member[T] {
	if id.Instance == "" {
		return nil
	}
	if m := c.members[id]; m != nil || id.Namespace == "" {
		return m
	}
	id.Namespace = ""
	return c.members[id]
}

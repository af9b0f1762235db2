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

func (r *instanceCache[T]) member(id Identity) *member[T] {
	m := r.members[id]
	if m != nil {
		return m
	}
	if len(r.members) >= MaxInstances {
		r.evict()
	}
	if len(r.services) < maxServices {
		r.services[id.Service] = true
	}
	m = &member[T]{id: id}
	r.members[id] = m
	for _, key := range keysOf(id) {
		r.named[key] = append(r.named[key], m)
	}
	return m
}

// keysOf an instance's service.
func keysOf(id Identity) [2]nameKey {
	return [2]nameKey{{service: id.Service, namespace: id.Namespace}, {service: id.Service, any: true}}
}

func (r *instanceCache[T]) remove(m *member[T]) {
	delete(r.members, m.id)
	for _, key := range keysOf(m.id) {
		all := r.named[key]
		i, last := slices.Index(all, m), len(all)-1
		all[i], all[last] = all[last], nil
		if r.named[key] = all[:last]; last == 0 {
			delete(r.named, key)
		}
	}
}

// evict removes the member that was updated longest ago. One pass over all members finds
// the next candidates too, since a payload may name any number of instances.
func (r *instanceCache[T]) evict() {
	for {
		for len(r.candidates) > 0 {
			c := r.candidates[0]
			r.candidates = r.candidates[1:]
			if m := r.members[c.member.id]; m == c.member && m.updated == c.updated { // else it was updated since
				r.remove(m)
				r.evicted++
				return
			}
		}
		all := make([]candidate[T], 0, len(r.members))
		for _, m := range r.members {
			all = append(all, candidate[T]{m, m.updated})
		}
		slices.SortFunc(all, func(a, b candidate[T]) int { return cmp.Compare(a.updated, b.updated) })
		r.candidates = all[:min(len(all), candidateCount)]
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
func (r *instanceCache[T]) find(id Identity, named bool) (of *T, resolution string) {
	if len(r.members) == 0 {
		return nil, ""
	}
	if m := r.instance(id); m != nil {
		return &m.value, ByInstance
	}
	if id.Service == "" {
		return nil, ""
	}
	for _, key := range id.services() {
		for _, m := range r.named[key] { // at most two of them are looked at
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
func (r *instanceCache[T]) instance(id Identity) *member[T] {
	if id.Instance == "" {
		return nil
	}
	if m := r.members[id]; m != nil || id.Namespace == "" {
		return m
	}
	id.Namespace = ""
	return r.members[id]
}

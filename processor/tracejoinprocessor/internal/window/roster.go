package window

import (
	"cmp"
	"slices"
)

// MaxInstances bounds a roster: 1024 instances take about 11 MB of samples, and 20 MB
// of cycles if all collect garbage as often as is remembered. A further one takes
// the place of that which was silent longest.
const MaxInstances = 1024

// roster is what is known of instances, a T of each.
type roster[T any] struct {
	of       map[Identity]*member[T]
	named    map[nameKey][]*member[T] // of, by service
	services map[string]bool          // of all that ever were, the first maxServices
	evicted  uint64
	silent   []silent[T] // the next to leave, if they stay silent
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
	id  Identity
	fed int64 // the latest time that it told something of
	its T
}

func newRoster[T any]() roster[T] {
	return roster[T]{of: map[Identity]*member[T]{}, named: map[nameKey][]*member[T]{}, services: map[string]bool{}}
}

func (r *roster[T]) member(id Identity) *member[T] {
	m := r.of[id]
	if m != nil {
		return m
	}
	if len(r.of) >= MaxInstances {
		r.evict()
	}
	if len(r.services) < maxServices {
		r.services[id.Service] = true
	}
	m = &member[T]{id: id}
	r.of[id] = m
	for _, key := range keysOf(id) {
		r.named[key] = append(r.named[key], m)
	}
	return m
}

// keysOf an instance's service.
func keysOf(id Identity) [2]nameKey {
	return [2]nameKey{{service: id.Service, namespace: id.Namespace}, {service: id.Service, any: true}}
}

func (r *roster[T]) remove(m *member[T]) {
	delete(r.of, m.id)
	for _, key := range keysOf(m.id) {
		all := r.named[key]
		i, last := slices.Index(all, m), len(all)-1
		all[i], all[last] = all[last], nil
		if r.named[key] = all[:last]; last == 0 {
			delete(r.named, key)
		}
	}
}

// evict the member that was silent longest. A look at all finds the next ones too: a
// payload may name any number of instances.
func (r *roster[T]) evict() {
	for {
		for len(r.silent) > 0 {
			c := r.silent[0]
			r.silent = r.silent[1:]
			if m := r.of[c.member.id]; m == c.member && m.fed == c.fed { // else it has told something since
				r.remove(m)
				r.evicted++
				return
			}
		}
		all := make([]silent[T], 0, len(r.of))
		for _, m := range r.of {
			all = append(all, silent[T]{m, m.fed})
		}
		slices.SortFunc(all, func(a, b silent[T]) int { return cmp.Compare(a.fed, b.fed) })
		r.silent = all[:min(len(all), silentAhead)]
	}
}

// silent is a member that was silent longest when all were looked at.
type silent[T any] struct {
	member *member[T]
	fed    int64
}

// silentAhead is how many members are found in one look at all.
const silentAhead = MaxInstances / 16

// Resolutions: how an instance was found.
const (
	ByInstance = "instance" // service.instance.id is that of the server span
	ByService  = "service"  // the service has one instance only
)

// find is what is known of the instance of a server span. Where one side does not
// say its instance, or names it otherwise, it may still be told by the service, if
// that has one instance only; named says that instances of the roster have the
// names that server spans call them by, so that another name is another instance.
func (r *roster[T]) find(id Identity, named bool) (of *T, resolution string) {
	if len(r.of) == 0 {
		return nil, ""
	}
	if m := r.instance(id); m != nil {
		return &m.its, ByInstance
	}
	if id.Service == "" {
		return nil, ""
	}
	for _, key := range id.services() {
		for _, m := range r.named[key] { // at most two of them are looked at
			if of != nil || named && id.other(m.id) {
				return nil, "" // it cannot be told which one it was, or it was another
			}
			of = &m.its
		}
	}
	if of == nil {
		return nil, ""
	}
	return of, ByService
}

// instance is the member that a server span names, if it names one. Samples may not
// say the namespace that the span does.
func (r *roster[T]) instance(id Identity) *member[T] {
	if id.Instance == "" {
		return nil
	}
	if m := r.of[id]; m != nil || id.Namespace == "" {
		return m
	}
	id.Namespace = ""
	return r.of[id]
}

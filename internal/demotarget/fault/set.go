package fault

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is a fault by the name that --fault takes.
type Kind string

// The faults.
const (
	// GoroutineLeak starts a goroutine for each token accepted, and never ends it.
	GoroutineLeak Kind = "goroutine-leak"
	// GCPressure copies a table for each token accepted.
	GCPressure Kind = "gc-pressure"
	// PoolExhaustion lets one store lookup be under way at a time.
	PoolExhaustion Kind = "pool-exhaustion"
	// LockContention sorts a ranking under a lock for each token accepted.
	LockContention Kind = "lock-contention"
)

// Kinds are all faults.
func Kinds() []string {
	return []string{string(GoroutineLeak), string(GCPressure), string(PoolExhaustion), string(LockContention)}
}

// Set is faults to plant.
type Set []Kind

// Has reports whether the fault is planted.
func (s Set) Has(k Kind) bool { return slices.Contains(s, k) }

// Parse reads faults between commas; nothing is none.
func Parse(text string) (Set, error) {
	if text == "" {
		return nil, nil
	}
	var set Set
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		if !slices.Contains(Kinds(), word) {
			return nil, fmt.Errorf("%q is not a fault; write some of %s, or nothing", word, strings.Join(Kinds(), ","))
		}
		set = append(set, Kind(word))
	}
	return set, nil
}

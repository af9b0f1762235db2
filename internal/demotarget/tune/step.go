package tune

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Step is one mistake and its fix, by its number from 1.
type Step uint8

// The steps, in the order in which a ladder adds them.
const (
	KeepAlive Step = iota + 1
	Pools
	GRPC
	Buffers
	Logging
	Workers
	HTTP2
)

// Description is a step for people.
type Description struct {
	Step         Step
	Name         string // as --tune takes it
	Mistake, Fix string
}

// Steps are all of them, in order.
func Steps() []Description {
	return []Description{
		{KeepAlive, "keep-alive", "ReadTimeout alone, which also cuts idle connections", "ReadHeaderTimeout and IdleTimeout"},
		{Pools, "pools", "the default of 2 idle connections to the store", "200 idle connections"},
		{GRPC, "grpc", "a gRPC connection for each call", "one connection, kept alive"},
		{Buffers, "buffers", "bodies copied, JSON by way of maps, indented", "pooled buffers, JSON straight into them"},
		{Logging, "logging", "debug lines in indented JSON, written at once, always", "structured lines with a level"},
		{Workers, "workers", "one unbuffered channel and one lock for all", "a queue for each shard, workers that steal"},
		{HTTP2, "http2", "10 streams a connection, windows of 64 KiB", "1,000 streams, windows of 1 MiB"},
	}
}

// String is the step's name.
func (s Step) String() string {
	if s < KeepAlive || s > HTTP2 {
		return "step " + strconv.Itoa(int(s))
	}
	return Steps()[s-1].Name
}

// Set holds the steps that are fixed, a bit for each.
type Set uint8

// None of the steps, and All of them.
const (
	None Set = 0
	All  Set = 1<<HTTP2 - 1
)

// Has reports whether the step is fixed.
func (s Set) Has(one Step) bool { return s&one.bit() != 0 }

// With is the set and one step more.
func (s Set) With(one Step) Set { return s | one.bit() }

func (s Step) bit() Set { return 1 << (s - 1) }

// String writes the set as Parse reads it.
func (s Set) String() string {
	switch s {
	case None:
		return "none"
	case All:
		return "all"
	}
	var names []string
	for _, d := range Steps() {
		if s.Has(d.Step) {
			names = append(names, d.Name)
		}
	}
	return strings.Join(names, ",")
}

// Parse reads none, all, or steps by number or name between commas.
func Parse(text string) (Set, error) {
	switch text {
	case "none":
		return None, nil
	case "all":
		return All, nil
	}
	set := None
	for word := range strings.SplitSeq(text, ",") {
		one, ok := find(strings.TrimSpace(word))
		if !ok {
			return None, fmt.Errorf("%q is not a step; write none, all, or some of %s (or their numbers, 1 to %d)", word, strings.Join(names(), ","), HTTP2)
		}
		set = set.With(one)
	}
	return set, nil
}

func find(word string) (Step, bool) {
	if n, err := strconv.ParseUint(word, 10, 8); err == nil {
		return Step(n), n >= uint64(KeepAlive) && n <= uint64(HTTP2)
	}
	i := slices.Index(names(), word)
	return Step(i + 1), i >= 0
}

func names() (list []string) {
	for _, d := range Steps() {
		list = append(list, d.Name)
	}
	return list
}

package environment

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// weight says what a difference in a field means.
type weight uint8

const (
	ofMachine weight = iota // other figures are to be expected
	ofProcess               // of a service it may be what one compares
	ofName                  // says nothing
)

// field is one thing that is known of an environment, as text. Fingerprint,
// Compare and Words all go by this list, so that they cannot disagree.
type field struct {
	key, what string
	weight    weight
	value     string // "" is not known
}

// fieldsOf lists all that there is, in an order that must not change: fingerprints
// depend on it. What is added goes to the end, and changes every fingerprint.
func fieldsOf(e *Environment) []field {
	fields := []field{
		{"os", "operating system", ofMachine, e.OS},
		{"arch", "architecture", ofMachine, e.Arch},
		{"kernel", "kernel", ofMachine, e.Kernel},
		{"hypervisor", "hypervisor", ofMachine, e.Hypervisor},
		{"clock_source", "clock source", ofMachine, e.ClockSource},
		{"cpu.model", "processor", ofMachine, e.CPU.Model},
		{"cpu.online", "processors of the machine", ofMachine, number(e.CPU.Online)},
		{"cpu.allowed", "processors allowed", ofMachine, number(e.CPU.Allowed)},
		{"cpu.governor", "frequency governor", ofMachine, e.CPU.Governor},
		{"limits.cpu", "limit of processors", ofMachine, e.Limits.cpu()},
		{"limits.memory", "limit of memory", ofMachine, e.Limits.memory()},
		{"go.version", "Go", ofProcess, e.Go.Version},
		{"go.maxprocs", "GOMAXPROCS", ofProcess, number(e.Go.MaxProcs)},
		{"go.gc", "GOGC", ofProcess, e.Go.GC},
		{"go.memory_limit", "GOMEMLIMIT", ofProcess, e.memoryLimit()},
		{"host", "host", ofName, e.Host},
	}
	for _, of := range slices.Sorted(maps.Keys(e.Versions)) {
		fields = append(fields, field{"versions." + of, of, ofMachine, e.Versions[of]})
	}
	return fields
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// cpu is the limit in words.
func (l *Limits) cpu() string {
	switch {
	case l == nil:
		return ""
	case l.CPU == 0:
		return "none"
	}
	return strconv.FormatFloat(l.CPU, 'g', -1, 64)
}

func (l *Limits) memory() string {
	switch {
	case l == nil:
		return ""
	case l.Memory == 0:
		return "none"
	}
	return size(l.Memory)
}

// memoryLimit is known wherever there is a Go runtime that tells of itself.
func (e *Environment) memoryLimit() string {
	switch {
	case e.Go.Version == "":
		return ""
	case e.Go.MemoryLimit == 0:
		return "none"
	}
	return size(uint64(e.Go.MemoryLimit))
}

// size writes a size so that different ones are written differently.
func size(n uint64) string {
	for shift, unit := range map[uint]string{30: "GiB", 20: "MiB", 10: "KiB"} {
		if n>>shift > 0 && n>>shift < 1<<10 && n&(1<<shift-1) == 0 {
			return fmt.Sprintf("%d %s", n>>shift, unit)
		}
	}
	return fmt.Sprintf("%d B", n)
}

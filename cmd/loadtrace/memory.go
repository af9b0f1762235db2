package main

import (
	"os"
	"runtime/debug"
)

// gcPercent is GOGC for the commands that make load. Nearly all that a request
// allocates is garbage a moment later, beside a small heap that lives: collecting
// a quarter as often takes an eighth off the processor time of a request, and the
// process stays well below 200 MB. docs/adr/0008-transport.md has the figures.
const gcPercent = 400

// relaxGC makes garbage collection rarer, unless the user has decided on it.
func relaxGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

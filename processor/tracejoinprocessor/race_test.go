//go:build race

package tracejoinprocessor

// raced: the race detector is at work, which takes a multiple of the memory and the time.
const raced = true

//go:build race

package memorytest

// Raced reports that the race detector is at work, which takes a multiple of the memory
// and the time: send less.
const Raced = true

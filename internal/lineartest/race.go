//go:build race

package lineartest

// scale divides the input where the race detector makes all work take many times as long.
const scale = 4

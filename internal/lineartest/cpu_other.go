//go:build !unix

package lineartest

import "time"

var began = time.Now()

// processorTime is the time that has passed, where the system's own is not asked for.
func processorTime() time.Duration { return time.Since(began) }

package server

import (
	"expvar"
	"runtime"
)

// The usual variable beside expvar's own memstats. expvar has one registry for
// the process and refuses a name twice, so this is done once, here.
func init() {
	expvar.Publish("goroutines", expvar.Func(func() any { return runtime.NumGoroutine() }))
}

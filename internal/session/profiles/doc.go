// Package profiles asks the net/http/pprof of a target: before the load, under it, and
// after it. It gives what package diagnosis works on, and keeps the profiles themselves.
//
// Every answer is bounded in bytes and time, redirects are not followed, and only what the
// run's lists of targets have is dialled. What makes a target collect garbage or write out
// all its stacks is asked for outside of the load only. A Profiler is asked by one
// goroutine at a time.
package profiles

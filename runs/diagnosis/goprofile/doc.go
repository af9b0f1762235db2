// Package goprofile reads what net/http/pprof serves: profiles in the format of pprof,
// with github.com/google/pprof, and dumps of goroutines. It gives the values that package
// diagnosis works on.
//
// Input is from outside: what is longer than its bounds is an error, also if it is only
// so when unpacked. It asks nobody; whoever has a profile gives its bytes.
package goprofile

// Package session runs a plan in a collector of this process. It is the one door to a
// run: Start starts it and returns when it has begun, Run shows its progress, changes its
// speed and stops it, and gives its Result when it is over and the collector has shut
// down.
//
// It knows no flags, terminal, signals or exit codes: its caller gives it a plan and
// Options, and prints what became of it. A Run owns its collector and all goroutines;
// who starts one waits for its Result. Errors of what was given are marked by
// internal/badinput.
package session

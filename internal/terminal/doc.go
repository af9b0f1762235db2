// Package terminal draws for people in a terminal: the summary of a run, its
// progress, and one trace as a tree.
//
// Drawing is pure: values in, text out, for a width and with or without colour
// as the caller asks. Only Run has a clock, and a Display remembers what it drew.
// It reads no environment and asks no terminal anything. Text that came from
// outside (names, addresses, the words of errors) is stripped of everything that
// a terminal would obey.
package terminal

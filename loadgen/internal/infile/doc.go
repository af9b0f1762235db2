// Package infile reads the files that a plan names: no more of one than its limit, and
// no longer than a context lasts, whatever the file is. A pipe may have no writer, or one
// that never stops; a device may have no end.
//
// It knows the limit of each kind of file, and nothing of what is in it.
package infile

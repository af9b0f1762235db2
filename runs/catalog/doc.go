// Package catalog is the archived runs of a folder: what there is of each, which one a
// name means, and which ones go.
//
// It reads run.json only, never the requests. Only archives directly below the folder are
// ever removed, and none that may still be written to.
package catalog

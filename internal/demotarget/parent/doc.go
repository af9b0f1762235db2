// Package parent watches the process that started this one, so that a program
// whose parent was killed does not live on.
package parent

// Package archtest enforces the structure of the project: the import law, and that
// docs/architecture.md names the packages that exist. It has tests only.
package archtest

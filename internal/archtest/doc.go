// Package archtest holds the project to its import law. It has tests only.
package archtest

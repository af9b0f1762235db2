// Package resource has the resource and the scope that a run's spans, metrics and events share. It is a value; nothing in it
// changes once it is made.
package resource

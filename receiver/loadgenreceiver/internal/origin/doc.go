// Package origin says whom a run's telemetry is from: the resource and the
// scope that its spans, metrics and events share. It is a value; nothing in it
// changes once it is made.
package origin

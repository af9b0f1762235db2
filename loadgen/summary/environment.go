package summary

import "github.com/loadtrace/loadtrace/goruntime/environment"

// Environment is what a run was made in.
type Environment struct {
	Generator environment.Environment `json:"generator"`
	// Targets are those that described themselves in telemetry that came by, by
	// service and instance. It is empty if none did.
	Targets []Target `json:"targets,omitempty"`
}

// Target is an instance of a service that answered requests of the run.
type Target struct {
	Service     string                  `json:"service"`
	Instance    string                  `json:"instance,omitempty"`
	Environment environment.Environment `json:"environment"`
}

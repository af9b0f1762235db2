package loadgenreceiver

import "github.com/loadtrace/loadtrace/goruntime/environment"

// environmentOf is what this process measures in, and with: versions of what
// makes requests and takes their times.
func environmentOf(version string) environment.Environment {
	e := environment.Here()
	e.Versions = environment.Built(map[string]string{
		"vegeta": "github.com/tsenart/vegeta/v12",
		"ghz":    "github.com/bojand/ghz",
	})
	e.Versions["loadtrace"] = version
	return e
}

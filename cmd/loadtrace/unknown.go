package main

import (
	"fmt"
	"regexp"
)

// unknownType is how the collector says that it does not have a component.
var unknownType = regexp.MustCompile(`'(receivers|processors|exporters|extensions|connectors)' unknown type: "([^"]{1,80})"`)

// inTheWhole adds to an error about an unknown component which build may have it. whole
// says that this build has them all.
func inTheWhole(err error, whole bool) error {
	if err == nil || whole {
		return err
	}
	found := unknownType.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	return fmt.Errorf("%w\n\nThis is the small build. If %q is a component of the whole distribution (builder-config.yaml lists them), "+
		"build that: go build -tags full ./cmd/loadtrace", err, found[2])
}

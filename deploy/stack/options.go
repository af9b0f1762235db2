package main

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/loadtrace/loadtrace/internal/stack"
)

// options are the flags.
type options struct {
	data  string
	ports map[string]int // by server.port
}

// place finds the data folder.
func (o *options) place() (err error) {
	if o.data == "" {
		root, err := stack.Root()
		if err != nil {
			return err
		}
		o.data = filepath.Join(root, "deploy", "stack", "data")
	}
	if o.data, err = filepath.Abs(o.data); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	return nil
}

// chosen are the named servers, or all, each with its ports.
type chosen struct {
	server stack.Server
	ports  map[string]int
}

func (o *options) choose(args []string) ([]chosen, error) {
	if len(args) == 0 {
		args = names()
	}
	args = slices.Compact(slices.Sorted(slices.Values(args)))
	var out []chosen
	var faults []error
	for _, name := range args {
		s, err := stack.Named(name)
		faults = append(faults, err)
		out = append(out, chosen{s, s.Usual()})
	}
	for _, key := range slices.Sorted(maps.Keys(o.ports)) {
		faults = append(faults, move(out, key, o.ports[key]))
	}
	return out, errors.Join(faults...)
}

func move(servers []chosen, key string, port int) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("--port %s: %d is not a port; write 1 to 65535, or 0 for a free one", key, port)
	}
	var known []string
	for _, c := range servers {
		for _, name := range slices.Sorted(maps.Keys(c.ports)) {
			if c.server.Name+"."+name == key {
				c.ports[name] = port
				return nil
			}
			known = append(known, c.server.Name+"."+name)
		}
	}
	return fmt.Errorf("--port %s: there is no such port; write one of %s", key, strings.Join(known, ", "))
}

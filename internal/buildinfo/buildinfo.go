// Package buildinfo says what a program was built from: for reports of faults, and for
// comparing two installations. It reads what the Go toolchain put into the binary, and
// nothing else.
package buildinfo

import (
	"fmt"
	"io"
	"runtime/debug"
)

// collector is the module whose version is that of the collector's releases.
const collector = "go.opentelemetry.io/collector/otelcol"

// Info is what a program was built from. What the toolchain did not record is empty.
type Info struct {
	Version string `json:"version"`
	// Revision is the commit, if the program was built within a clone; Modified says that
	// the clone had changes.
	Revision  string `json:"revision,omitempty"`
	Modified  bool   `json:"modified,omitempty"`
	Go        string `json:"go"`
	Collector string `json:"collector"`
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Tags      string `json:"tags,omitempty"` // of the build, comma-separated
}

// Of is the information of a build, nil if there is none, of a program of a version.
func Of(version string, build *debug.BuildInfo) Info {
	i := Info{Version: version}
	if build == nil {
		return i
	}
	i.Go = build.GoVersion
	for _, dep := range build.Deps {
		if dep.Path == collector {
			i.Collector = dep.Version
		}
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Revision = s.Value
		case "vcs.modified":
			i.Modified = s.Value == "true"
		case "GOOS":
			i.OS = s.Value
		case "GOARCH":
			i.Arch = s.Value
		case "-tags":
			i.Tags = s.Value
		}
	}
	return i
}

// Write writes i as text, a line for each thing that is known.
func (i Info) Write(w io.Writer) {
	fmt.Fprintf(w, "loadtrace  %s\n", i.Version)
	if i.Revision != "" {
		modified := ""
		if i.Modified {
			modified = ", modified"
		}
		fmt.Fprintf(w, "revision   %s%s\n", i.Revision, modified)
	}
	for _, line := range []struct{ name, value string }{
		{"go", i.Go}, {"collector", i.Collector}, {"platform", i.platform()}, {"tags", i.Tags},
	} {
		if line.value != "" {
			fmt.Fprintf(w, "%-10s %s\n", line.name, line.value)
		}
	}
}

func (i Info) platform() string {
	if i.OS == "" {
		return ""
	}
	return i.OS + "/" + i.Arch
}

// Command gencomponents writes internal/distribution/components_full.go from
// builder-config.yaml with the OpenTelemetry Collector Builder, and
// components.go from the same list without the entries marked "# full".
// It runs in internal/distribution.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const manifest = "../../builder-config.yaml"

func main() {
	log.SetFlags(0)
	src, err := os.ReadFile(manifest)
	if err != nil {
		log.Fatal(err)
	}
	for _, out := range []struct {
		file, tag string
		manifest  string
	}{
		{"components_full.go", "full", string(src)},
		{"components.go", "!full", small(string(src))},
	} {
		if err := generate(out.file, out.tag, out.manifest); err != nil {
			log.Fatalf("%s: %v", out.file, err)
		}
	}
}

// small drops the entries marked "# full".
func small(manifest string) string {
	var kept []string
	for line := range strings.Lines(manifest) {
		if !strings.HasSuffix(strings.TrimSpace(line), "# full") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func generate(file, tag, manifest string) error {
	dir, err := os.MkdirTemp("", "gencomponents")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config := filepath.Join(dir, "builder-config.yaml")
	manifest = strings.Replace(manifest, "output_path: ./_build", "output_path: "+dir, 1)
	if err := os.WriteFile(config, []byte(manifest), 0o600); err != nil {
		return err
	}
	build := exec.Command("go", "tool", "builder", "--config", config, "--skip-get-modules", "--skip-compilation")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	src, err := os.ReadFile(filepath.Join(dir, "components.go"))
	if err != nil {
		return err
	}
	src = bytes.Replace(src, []byte("\npackage main\n"), []byte("\n//go:build "+tag+"\n\npackage distribution\n"), 1)
	if src, err = format.Source(src); err != nil {
		return err
	}
	return os.WriteFile(file, src, 0o644)
}

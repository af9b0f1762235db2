package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

var buildTags = regexp.MustCompile(`(?m)^  build_tags: (\S+)$`)

// Distribution compiles the whole distribution, as the Collector Builder does from
// builder-config.yaml, and returns the program's path, which is in dir. root is where
// this module is.
func Distribution(ctx context.Context, root, dir string) (string, error) {
	manifest, err := os.ReadFile(filepath.Join(root, "builder-config.yaml"))
	if err != nil {
		return "", err
	}
	tags := buildTags.FindSubmatch(manifest)
	if tags == nil {
		return "", errors.New("builder-config.yaml has no build_tags")
	}
	path := filepath.Join(dir, "loadtrace")
	build := exec.CommandContext(ctx, "go", "build", "-tags", string(tags[1]), "-o", path, "./cmd/loadtrace")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

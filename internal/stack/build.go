package stack

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

const (
	module         = "module github.com/loadtrace/loadtrace"
	progressPeriod = 5 * time.Second
)

// Build builds a server, if the user's cache folder does not have it yet, and
// returns its binary. The name there holds a digest of its go.mod, go.sum, Go files,
// build tags and Go version, so that a change of any is built anew. Progress may be
// nil.
//
// Processes that build the same server at the same time each do all the work;
// none sees a half-written binary.
func Build(ctx context.Context, s Server, progress io.Writer) (string, error) {
	if s.Binary != "" {
		return s.Binary, nil
	}
	dir, err := folder(s)
	if err != nil {
		return "", err
	}
	key, err := digest(ctx, s, dir)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder for the build of %s: %w", s.Name, err)
	}
	binary := filepath.Join(cache, "loadtrace", "stack", s.Name+"-"+key)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return "", fmt.Errorf("keep the build of %s: %w", s.Name, err)
	}
	unfinished := fmt.Sprintf("%s.%d", binary, os.Getpid())
	defer os.Remove(unfinished)
	if err := compile(ctx, s, dir, unfinished, progress); err != nil {
		return "", err
	}
	if err := os.Rename(unfinished, binary); err != nil {
		return "", fmt.Errorf("keep the build of %s: %w", s.Name, err)
	}
	return binary, nil
}

// folder is where a server's module and config are.
func folder(s Server) (string, error) {
	root, err := Root()
	dir := cmp.Or(s.Dir, "deploy/stack/"+s.Name)
	return filepath.Join(root, filepath.FromSlash(dir)), err
}

// Root is the folder of this module around the working directory: the servers
// are modules of their own, which no binary can embed.
func Root() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the source tree: %w", err)
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && strings.HasPrefix(string(mod), module+"\n"):
			return dir, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("find the source tree: %w", err)
		case dir == filepath.Dir(dir):
			return "", fmt.Errorf("%s is not within loadtrace's source tree, which has what the servers are built from", wd)
		}
	}
}

func digest(ctx context.Context, s Server, dir string) (string, error) {
	version, err := golang(ctx, dir, "env", "GOVERSION", "GOOS", "GOARCH").Output()
	if err != nil {
		return "", fmt.Errorf("ask go for its version (is Go installed?): %w", err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", version, s.Package, s.Tags)
	own, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", fmt.Errorf("find what %s is built from: %w", s.Name, err)
	}
	for _, name := range append([]string{"go.mod", "go.sum"}, own...) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("read what %s is built from: %w", s.Name, err)
		}
		fmt.Fprintf(h, "%d\n%s", len(content), content)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

// golang is a go command in a server's module, with settings of our own rather
// than those for this module.
func golang(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-trimpath -buildvcs=false", "GOWORK=off", "CGO_ENABLED=0")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func compile(ctx context.Context, s Server, dir, binary string, progress io.Writer) error {
	cmd := golang(ctx, dir, "build", "-v", "-tags", s.Tags, "-ldflags", "-s -w", "-o", binary, s.Package)
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	done := report(s, progress, &output.lines)
	err := cmd.Run()
	done()
	if err != nil {
		return fmt.Errorf("build %s in %s: %w\n%s", s.Name, dir, err, output.String())
	}
	return nil
}

// report prints the progress of a build, until the returned function is called.
func report(s Server, w io.Writer, lines *atomic.Int64) (stop func()) {
	if w == nil {
		return func() {}
	}
	fmt.Fprintf(w, "%s: building it, which takes minutes, once\n", s.Name)
	began, ended, quiet := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(quiet)
		tick := time.NewTicker(progressPeriod)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(w, "%s: %d modules and packages fetched or compiled, %.0f s\n", s.Name, lines.Load(), time.Since(began).Seconds())
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-quiet
		fmt.Fprintf(w, "%s: build ended after %.0f s\n", s.Name, time.Since(began).Seconds())
	}
}

// tail keeps the end of what a command output, and counts its lines. go build -v
// says a line for each module and package.
type tail struct {
	lines atomic.Int64
	kept  []byte // used by the command's one copying goroutine, then by us
}

const tailBytes = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.lines.Add(int64(bytes.Count(p, []byte("\n"))))
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytes; over > 0 {
		t.kept = t.kept[over:]
	}
	return len(p), nil
}

// String is the last lines without go build -v's names of packages.
func (t *tail) String() string {
	var out []string
	lines := bufio.NewScanner(bytes.NewReader(t.kept))
	lines.Buffer(nil, tailBytes+1)
	for lines.Scan() {
		if line := lines.Text(); strings.ContainsAny(line, " \t") && !strings.HasPrefix(line, "go: downloading ") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

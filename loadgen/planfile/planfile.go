package planfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
)

// maxSource bounds a plan's source, in bytes.
const maxSource = infile.MaxPlan

// An Option changes how Parse reads a plan.
type Option func(*options)

type options struct {
	sets      []string
	lookup    func(string) (string, bool) // nil: $ is a character like any other
	placeless bool
}

// Set gives values as on the command line, each KEY=VALUE, for instance
// attacks[0].http.url=http://127.0.0.1:8080/ or attacks.login.load[0].constant=500/s.
// They replace what the file says, in order, before anything is checked.
func Set(values ...string) Option {
	return func(o *options) { o.sets = append(o.sets, values...) }
}

// Env sets where ${env:NAME} is looked up, instead of the process's environment.
func Env(lookup func(name string) (value string, ok bool)) Option {
	return func(o *options) { o.lookup = lookup }
}

// Literal leaves ${env:NAME} and $$ as they are, in the source and in the values
// of Set: somebody has replaced variables already, and doing it again would
// change what they hold.
func Literal() Option { return Env(nil) }

// Placeless reports faults without file and line: the source was written by a program, and
// its lines are not those that the user wrote.
func Placeless() Option { return func(o *options) { o.placeless = true } }

// Load reads the plan in a file; path - is standard input. The sets are as of
// the option Set.
func Load(path string, sets ...string) (*loadgen.Plan, error) {
	return Read(context.Background(), path, Set(sets...))
}

// Read is Load no longer than ctx lasts, which the file may be a pipe for. The cause of
// its end is then in the error.
func Read(ctx context.Context, path string, opts ...Option) (*loadgen.Plan, error) {
	src, err := readSource(ctx, path)
	if _, long := errors.AsType[*infile.TooLong](err); long {
		_, what, fix := tooLong()
		return nil, &Error{File: path, What: what, Fix: fix}
	}
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	return Parse(path, src, opts...)
}

func readSource(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		return infile.ReadFrom(ctx, os.Stdin, "standard input", maxSource)
	}
	return infile.Read(ctx, path, maxSource)
}

// Parse reads a plan from YAML, fills in its defaults and checks it. name is
// the file's: faults show it, the plan is called after it unless it has a name
// of its own, and files that the plan names are relative to its folder. In the
// plan returned, their paths are absolute.
//
// Faults are *Error values, joined, in the order of their place in the source.
func Parse(name string, src []byte, opts ...Option) (*loadgen.Plan, error) {
	o := options{lookup: os.LookupEnv}
	for _, opt := range opts {
		opt(&o)
	}
	faults := &faults{file: name, placeless: o.placeless, env: &given{lookup: o.lookup}}
	if o.lookup != nil {
		o.lookup = faults.env.look
	}
	root := parseTree(src, "", o.lookup, faults)
	if root == nil {
		return nil, faults.err()
	}
	for _, set := range o.sets {
		applySet(root, set, o.lookup, faults)
	}
	plan := new(loadgen.Plan)
	zeros := decodePlan(plan, root, faults)
	if plan.Name == "" {
		plan.Name = baseName(name)
	}
	resolvePaths(plan, filepath.Dir(name))
	Defaults(plan)
	zeros.check(faults)
	faults.addValidation(root, Validate(plan))
	if err := faults.err(); err != nil {
		return nil, err
	}
	return plan, nil
}

// baseName is a plan's name from that of its file, or nothing.
func baseName(file string) string {
	base := filepath.Base(file)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	if base == "-" || base == "." || checkLabel(base) != "" {
		return ""
	}
	return base
}

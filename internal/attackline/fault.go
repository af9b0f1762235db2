package attackline

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

var digits = regexp.MustCompile(`^[0-9]+$`)

// Apart reports flags of a line that were given beside a plan, which has its own
// attacks; nil if there are none.
func (l *Line) Apart() error {
	var faults []error
	for _, flag := range l.given() {
		faults = append(faults, fmt.Errorf("%s: is for a URL, and there is a plan; leave it out, and %s", flag, instead[flag]))
	}
	return errors.Join(faults...)
}

// instead is how a plan has what a flag says.
var instead = map[string]string{
	"--grpc":     "write attacks[].grpc in the plan",
	"--rate":     "write --set attacks[0].load[0].constant=200/s, or change the plan",
	"--workers":  "write --set attacks[0].load[0].max.workers=8, or change the plan",
	"--duration": "write --set attacks[0].load[0].duration=30s, or change the plan",
	"--header":   "write --set attacks[0].http.headers.NAME=value, or change the plan",
	"--method":   "write --set attacks[0].http.method=POST, or change the plan",
	"--body":     "write --set attacks[0].http.body=TEXT, or change the plan",
	"--data":     "write --set attacks[0].grpc.data=JSON, or change the plan",
}

// check finds the faults of a line that its plan would not have.
func (l *Line) check() error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch {
	case l.URL != "" && l.GRPC != "":
		add("--grpc: there is a URL too; leave one of the two out")
	case l.URL == "" && l.GRPC == "":
		add("%s: there is nothing to send to; write loadtrace run http://127.0.0.1:8080/ %[1]s …", l.given()[0])
	}
	if l.Rate != "" && l.Workers != "" {
		add("--workers: sends as fast as the target answers, and --rate at a rate; leave one of the two out")
	}
	if l.Workers != "" && !digits.MatchString(l.Workers) && !strings.Contains(l.Workers, "${env:") {
		add("--workers: %q is not a whole number; write one such as 8", utf8text.Clip(l.Workers))
	}
	if l.GRPC != "" {
		for _, f := range []struct{ name, value, fix string }{
			{"--method", l.Method, "leave it out: --grpc names the method"},
			{"--body", l.Body, "write --data"},
		} {
			if f.value != "" {
				add("%s: is for a URL, and there is --grpc; %s", f.name, f.fix)
			}
		}
		faults = append(faults, l.checkCall())
	} else if l.Data != "" {
		add("--data: is for --grpc; write --body")
	}
	return errors.Join(append(faults, l.checkHeaders(), l.checkText())...)
}

func (l *Line) checkCall() error {
	scheme, _, method := cutCall(l.GRPC)
	const example = "write host:port/package.Service/Method, such as 127.0.0.1:8081/grpc.health.v1.Health/Check"
	switch {
	case scheme != "" && scheme != "grpc" && scheme != "grpcs":
		return fmt.Errorf("--grpc: %q is not a scheme of gRPC; write grpc:// for a server without TLS, grpcs:// for one with TLS", utf8text.Clip(scheme))
	case method == "":
		return fmt.Errorf("--grpc: %q names no method; %s", utf8text.Clip(loadgen.RedactFaulty(l.GRPC)), example)
	}
	return nil
}

// checkHeaders shows no value, and nothing of a header without a name: it may be a
// secret.
func (l *Line) checkHeaders() error {
	var faults []error
	have := map[string]bool{}
	for i, h := range l.Headers {
		name, _, ok := strings.Cut(h, ":")
		name = strings.TrimSpace(name)
		switch {
		case !ok || name == "":
			which := ""
			if len(l.Headers) > 1 {
				which = fmt.Sprintf(", number %d", i+1)
			}
			faults = append(faults, fmt.Errorf("--header%s: is not 'Name: value'; write one such as 'Accept: text/html'", which))
		case have[strings.ToLower(name)]:
			faults = append(faults, fmt.Errorf("--header: %q is there twice; write one of the two, or both values in one, with a comma between them", utf8text.Clip(name)))
		}
		have[strings.ToLower(name)] = true
	}
	return errors.Join(faults...)
}

// checkText finds what no plan can have in a text.
func (l *Line) checkText() error {
	var faults []error
	for _, f := range []struct{ name, value, fix string }{
		{"URL", l.URL, "write %XX for its bytes"},
		{"--grpc", l.GRPC, "write text"},
		{"--header", strings.Join(l.Headers, ""), "write text"},
		{"--body", l.Body, "put it into a file and write @file"},
		{"--data", l.Data, "write text"},
	} {
		if !utf8.ValidString(f.value) {
			faults = append(faults, fmt.Errorf("%s: is not UTF-8; %s", f.name, f.fix))
		}
	}
	return errors.Join(faults...)
}

// WithoutScheme reports an argument that is not a plan's name, but a URL without its
// scheme; nil if it is neither, or has one.
func WithoutScheme(arg string) error {
	if IsURL(arg) || !address.MatchString(arg) || strings.HasSuffix(arg, ".yaml") || strings.HasSuffix(arg, ".yml") || strings.HasSuffix(arg, ".json") {
		return nil
	}
	shown := utf8text.Clip(loadgen.RedactFaulty(arg))
	return fmt.Errorf("URL: %q has no scheme, and there is no such file; write http://%s", shown, shown)
}

// address is what a URL without a scheme looks like: a host with a port, a path or a dot.
var address = regexp.MustCompile(`^([^/\s]+@)?(localhost|\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+:[0-9]+)(:[0-9]*)?([/?#].*)?$`)

// IsURL reports whether an argument is meant as a URL, and not as a file's name.
func IsURL(arg string) bool { return strings.Contains(arg, "://") }

// flags are those that say what the keys of a plan say. Keys within them have the same.
var flags = []struct{ key, flag string }{
	{"attacks[0].http.headers.", "--header "},
	{"attacks[0].grpc.metadata.", "--header "},
	{"attacks[0].http.url", "URL"},
	{"attacks[0].http.method", "--method"},
	{"attacks[0].http.body_file", "--body"},
	{"attacks[0].http.body", "--body"},
	{"attacks[0].grpc.target", "--grpc"},
	{"attacks[0].grpc.method", "--grpc"},
	{"attacks[0].grpc.data_file", "--data"},
	{"attacks[0].grpc.data", "--data"},
	{"attacks[0].load[0].constant", "--rate"},
	{"attacks[0].load[0].max", "--workers"},
	{"attacks[0].load[0].duration", "--duration"},
}

// Named puts flags in the place of the keys of a line's plan, in errors of reading it and
// of running it. Errors of values that were set, and all others, stay as they are.
func Named(err error) error {
	if _, done := errors.AsType[named](err); done {
		return err
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, Named(e))
		}
		return errors.Join(all...)
	}
	var key *pace.KeyError
	if !errors.As(err, &key) {
		return err
	}
	if of, ok := errors.AsType[*planfile.Error](err); ok && strings.HasPrefix(of.File, "--set ") {
		return err
	}
	for _, f := range flags {
		if rest, ok := strings.CutPrefix(key.Key, f.key); ok {
			flag := f.flag
			if strings.HasSuffix(flag, " ") {
				flag += rest
			}
			return named{flag, key}
		}
	}
	return err
}

// named is a fault of a plan, at a flag.
type named struct {
	flag string
	*pace.KeyError
}

func (n named) Unwrap() error { return n.KeyError }

func (n named) Error() string {
	text := n.flag + ": " + n.What
	if n.Fix != "" {
		text += "; " + n.Fix
	}
	return text
}

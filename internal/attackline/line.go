package attackline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/planfile"
)

// What a line that does not say it sends.
const (
	DefaultRate     = "50/s"
	DefaultDuration = "10s"
)

// Line is an attack as a command line has it. Empty texts are flags that were not given.
// Values may name variables as a plan's do: ${env:NAME}.
type Line struct {
	URL      string   // of HTTP; or
	GRPC     string   // [grpc://|grpcs://]host:port/package.Service/Method
	Rate     string   // of an open loop; or
	Workers  string   // of a closed loop
	Duration string   // of either
	Headers  []string // each "Name: value"; metadata of gRPC
	Method   string
	Body     string // text, or @file
	Data     string // of gRPC: JSON, or @file
}

// AddTo adds the flags of a line, all but the URL.
func (l *Line) AddTo(flags *pflag.FlagSet) {
	flags.StringVar(&l.Rate, "rate", "", "send at this `rate`, whatever the target does, as in 200/s (default "+DefaultRate+", unless there is --workers)")
	flags.StringVar(&l.Workers, "workers", "", "send with `N` workers as fast as the target answers, instead of at a rate")
	flags.StringVar(&l.Duration, "duration", "", "how long to send: a `time` such as 30s or 5m (default "+DefaultDuration+")")
	flags.StringArrayVar(&l.Headers, "header", nil, "send a header, `'Name: value'`, or metadata of gRPC (repeatable)")
	flags.StringVar(&l.Method, "method", "", "`method` of HTTP (default GET, or POST with --body)")
	flags.StringVar(&l.Body, "body", "", "body to send: `text`, or @file")
	flags.StringVar(&l.GRPC, "grpc", "", "call a gRPC `method` instead of a URL, as in 127.0.0.1:8081/auth.v1.Auth/Validate; without TLS on loopback or as grpc://…, with TLS elsewhere or as grpcs://…")
	flags.StringVar(&l.Data, "data", "", "message to send with --grpc: `JSON`, or @file (default the empty message)")
}

// Any reports whether the line has anything of an attack.
func (l *Line) Any() bool { return l.URL != "" || len(l.given()) > 0 }

// given are the flags that were given, in the order of their help.
func (l *Line) given() (flags []string) {
	for _, f := range []struct{ name, value string }{
		{"--grpc", l.GRPC}, {"--rate", l.Rate}, {"--workers", l.Workers}, {"--duration", l.Duration},
		{"--header", strings.Join(l.Headers, "\n")}, {"--method", l.Method}, {"--body", l.Body}, {"--data", l.Data},
	} {
		if f.value != "" {
			flags = append(flags, f.name)
		}
	}
	return flags
}

// Source is the plan as YAML, with sets as of planfile.Set applied. Variables and all
// that was given stand in it as they are, secrets too.
func (l *Line) Source(sets ...string) ([]byte, error) {
	src, err := l.source()
	if err != nil {
		return nil, err
	}
	text, err := planfile.Rewrite("", src, sets...)
	return text, Named(err)
}

// Plan is the plan that Source has, read and checked.
func (l *Line) Plan(sets ...string) (*loadgen.Plan, error) {
	src, err := l.source()
	if err != nil {
		return nil, err
	}
	plan, err := planfile.Parse("", src, planfile.Set(sets...))
	return plan, Named(err)
}

// The plan, as far as a line can have one.
type (
	source struct {
		Name    string   `json:"name,omitempty"`
		Attacks []attack `json:"attacks"`
	}
	attack struct {
		HTTP *http   `json:"http,omitempty"`
		GRPC *grpc   `json:"grpc,omitempty"`
		Load []stage `json:"load"`
	}
	http struct {
		URL      string            `json:"url"`
		Method   string            `json:"method,omitempty"`
		Headers  map[string]string `json:"headers,omitempty"`
		Body     string            `json:"body,omitempty"`
		BodyFile string            `json:"body_file,omitempty"`
	}
	grpc struct {
		Target    string            `json:"target"`
		Method    string            `json:"method"`
		Plaintext bool              `json:"plaintext,omitempty"`
		Metadata  map[string]string `json:"metadata,omitempty"`
		Data      string            `json:"data,omitempty"`
		DataFile  string            `json:"data_file,omitempty"`
	}
	stage struct {
		Constant string `json:"constant,omitempty"`
		Max      *max   `json:"max,omitempty"`
		Duration string `json:"duration"`
	}
	max struct {
		Workers any `json:"workers"` // json.Number, or the text of a variable
	}
)

// source is the plan as JSON, which is YAML too.
func (l *Line) source() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	plan := source{Attacks: []attack{{Load: []stage{l.stage()}}}}
	if l.GRPC != "" {
		plan.Name, plan.Attacks[0].GRPC = l.calls()
	} else {
		plan.Name, plan.Attacks[0].HTTP = l.requests()
	}
	if utf8.RuneCountInString(plan.Name) > maxName || strings.Contains(plan.Name, "$") {
		plan.Name = ""
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(plan); err != nil {
		return nil, fmt.Errorf("write the plan: %w", err)
	}
	return escapeControls(escapeDollars(out.Bytes())), nil
}

// dollars are one or more dollar signs, with the brace of a variable where one follows.
var dollars = regexp.MustCompile(`\$+\{?`)

// escapeDollars doubles dollar signs, of which a plan reads two as one, where no variable
// follows: on a line they stand for themselves.
func escapeDollars(src []byte) []byte {
	return dollars.ReplaceAllFunc(src, func(run []byte) []byte {
		if bytes.HasSuffix(run, []byte("{")) {
			return run
		}
		return append(run[:len(run):len(run)], run...)
	})
}

// maxName is the longest name of a plan, in characters.
const maxName = 64

// escapeControls escapes what JSON allows in a text and YAML does not.
func escapeControls(src []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(src) {
		if r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.Bytes()
}

func (l *Line) stage() stage {
	s := stage{Duration: or(l.Duration, DefaultDuration)}
	switch {
	case l.Workers == "":
		s.Constant = or(l.Rate, DefaultRate)
	case digits.MatchString(l.Workers):
		s.Max = &max{json.Number(l.Workers)}
	default:
		s.Max = &max{l.Workers}
	}
	return s
}

// requests is what is sent over HTTP, and the name of the plan: the host.
func (l *Line) requests() (name string, h *http) {
	h = &http{URL: l.URL, Method: l.Method, Headers: pairs(l.Headers)}
	h.Body, h.BodyFile = textOrFile(l.Body)
	if l.Body != "" && l.Method == "" {
		h.Method = "POST"
	}
	if u, err := url.Parse(l.URL); err == nil {
		name = u.Host
	}
	return name, h
}

// calls is what is called over gRPC, and the name of the plan: the method.
func (l *Line) calls() (name string, g *grpc) {
	scheme, target, method := cutCall(l.GRPC)
	g = &grpc{Target: target, Method: method, Metadata: pairs(l.Headers)}
	g.Plaintext = scheme == "grpc" || scheme == "" && loopback(target)
	g.Data, g.DataFile = textOrFile(l.Data)
	return method, g
}

// cutCall takes a value of --grpc apart.
func cutCall(call string) (scheme, target, method string) {
	if before, after, ok := strings.Cut(call, "://"); ok {
		scheme, call = before, after
	}
	target, method, _ = strings.Cut(call, "/")
	return scheme, target, method
}

// loopback reports whether host:port is on this machine, by its looks.
func loopback(target string) bool {
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// pairs are headers by their names. A fault of one has been found before.
func pairs(headers []string) map[string]string {
	m := make(map[string]string, len(headers))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		m[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return m
}

// textOrFile takes a value apart that is a text or @file. The file's path becomes
// absolute, so that the plan means the same wherever it is kept.
func textOrFile(value string) (text, file string) {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return value, ""
	}
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	return "", name
}

func or(value, preset string) string {
	if value == "" {
		return preset
	}
	return value
}

package lint

import (
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen/allow"
)

// functions are what conditions may call beside the language's own.
var functions = []expr.Option{
	expr.Function("endpoints", func(p ...any) (any, error) { return endpoints(p[0]), nil }, new(func(any) []string)),
	expr.Function("scheme", func(p ...any) (any, error) { return scheme(p[0]), nil }, new(func(any) string)),
	expr.Function("local", func(p ...any) (any, error) { return local(p[0]), nil }, new(func(any) bool)),
	expr.Function("settings", func(p ...any) (any, error) { return settings(p[0], p[1].(string)), nil }, new(func(any, string) []any)),
	expr.Function("beyond", func(p ...any) (any, error) { return beyond(p[0], p[1].(string), p[2].(int)), nil }, new(func(any, string, int) bool)),
	expr.Function("secrets", func(p ...any) (any, error) { return secrets(p[0]), nil }, new(func(any) []string)),
	expr.Function("names", func(p ...any) (any, error) { return ownNames(p[0].(string)), nil }, new(func(string) []string)),
	expr.Function("known", func(p ...any) (any, error) { return attr.Known(p[0].(string)), nil }, new(func(string) bool)),
	expr.Function("anything", func(p ...any) (any, error) { return anything(p[0]), nil }, new(func(any) bool)),
}

// visit calls f with every value at a key within v, at any depth, in the order of
// the keys.
func visit(v any, f func(key string, value any)) {
	switch t := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(t)) {
			f(key, t[key])
			visit(t[key], f)
		}
	case []any:
		for _, item := range t {
			visit(item, f)
		}
	}
}

// endpoints are the values of all keys that say where something is sent.
func endpoints(v any) []string {
	out := []string{}
	visit(v, func(key string, value any) {
		if s, ok := value.(string); ok && (key == "endpoint" || strings.HasSuffix(key, "_endpoint") || key == "url" || strings.HasSuffix(key, "_url")) {
			out = append(out, s)
		}
	})
	return out
}

// beyond reports whether a key of a name has a number greater than most.
func beyond(v any, name string, most int) bool {
	return slices.ContainsFunc(settings(v, name), func(value any) bool {
		switch n := value.(type) {
		case int:
			return n > most
		case int64:
			return n > int64(most)
		case uint64:
			return n > uint64(most)
		case float64:
			return n > float64(most)
		}
		return false
	})
}

// settings are the values of all keys of a name.
func settings(v any, name string) []any {
	out := []any{}
	visit(v, func(key string, value any) {
		if key == name {
			out = append(out, value)
		}
	})
	return out
}

// secretKey is a key whose value nobody else should read.
var secretKey = regexp.MustCompile(`(?i)^(proxy-)?authorization$|(^|[-_])(api[-_]?key|token|password|secret)$`)

// secrets are the keys that have a secret in clear text. One that comes from a
// variable, a file or a certificate does not.
func secrets(v any) []string {
	out := []string{}
	visit(v, func(key string, value any) {
		if s, ok := value.(string); ok && secretKey.MatchString(key) && s != "" && !strings.Contains(s, "${") {
			out = append(out, key)
		}
	})
	return out
}

// scheme of an endpoint; "" if it has none.
func scheme(v any) string {
	s, _ := v.(string)
	before, _, ok := strings.Cut(s, "://")
	if !ok {
		return ""
	}
	return strings.ToLower(before)
}

// local reports whether an endpoint is on the machine itself. What a variable without
// a default will be is not known, so it is not; without an endpoint nothing is sent.
func local(v any) bool {
	s, _ := v.(string)
	if s == "" || scheme(s) == "unix" || strings.HasPrefix(s, "unix:") {
		return true
	}
	host := hostOf(s)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func hostOf(endpoint string) string {
	if _, rest, ok := strings.Cut(endpoint, "://"); ok {
		if u, err := url.Parse(endpoint); err == nil {
			return u.Hostname()
		}
		endpoint, _, _ = strings.Cut(rest, "/")
	}
	if host, _, err := net.SplitHostPort(endpoint); err == nil {
		return host
	}
	return strings.Trim(endpoint, "[]")
}

// ownName is a name of an attribute or metric of loadtrace's.
var ownName = regexp.MustCompile(`\b(?:loadgen|join)\.[a-z0-9_]+(?:\.[a-z0-9_]+)*`)

// ownNames are those that a text mentions.
func ownNames(s string) []string {
	if found := ownName.FindAllString(s, -1); found != nil {
		return found
	}
	return []string{}
}

// patterns are the entries of lists of targets. The collector takes a text for a list
// whose items stand between commas.
func patterns(v any) []string {
	out := []string{}
	switch t := v.(type) {
	case string:
		for part := range strings.SplitSeq(t, ",") {
			out = append(out, part)
		}
	case []any:
		for _, item := range t {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// anything reports whether a list of targets allows every host.
func anything(v any) bool { return allow.AllowsAll(patterns(v)) }

package planfile

import (
	"regexp"
	"strconv"
	"strings"
)

// leastHidden is the shortest value of a variable that is looked for in a message, in
// bytes. A shorter one would be found in any.
const leastHidden = 4

// given remembers what variables gave, so that no message shows it: a password comes from
// a variable because it must not be seen.
type given struct {
	lookup func(string) (string, bool)
	values map[string]string // to the variable that gave it
}

func (g *given) look(name string) (string, bool) {
	v, ok := g.lookup(name)
	if len(v) >= leastHidden {
		if g.values == nil {
			g.values = map[string]string{}
		}
		g.values[v] = name
	}
	return v, ok
}

// quoted is a value in a message, as quote writes it.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// hide takes what variables gave from a message. Of a value in which some were replaced,
// written has it as it stands in the plan: that is shown in place of all that is quoted,
// which may be a part of it.
func (g *given) hide(written, what, fix string) (string, string) {
	if written != "" {
		what = quoted.ReplaceAllLiteralString(what, quote(written))
		if strings.HasPrefix(fix, "did you mean ") {
			fix = "" // it was made of the value
		}
	}
	return g.without(what), g.without(fix)
}

func (g *given) without(text string) string {
	if g == nil {
		return text
	}
	for value, name := range g.values {
		escaped := strconv.Quote(value)
		for _, v := range []string{value, escaped[1 : len(escaped)-1]} {
			text = strings.ReplaceAll(text, v, "${env:"+name+"}")
		}
	}
	return text
}

// Of a line of the source, these are secrets or may be some: what stands between :// and
// @, and the values of keys, of query parameters too, whose names say so.
var (
	userInfo  = regexp.MustCompile(`(//)([^\s"']*)@`)
	address   = regexp.MustCompile(`((?:url|target)["']?\s*[:=]\s*["']?(?:\w+://)?)([^"']*)@`)
	secretKey = regexp.MustCompile(`(?i)((?:authorization|cookie|passw|secret|token|api[-_]?key|signature|\bsig\b|accesskey)[\w-]*["']?\s*[:=]\s*)(.*)$`)
	bodyKey   = regexp.MustCompile(`((?:^|[\s{,])["']?(?:body|data)["']?\s*:\s*)(.*)$`)
	headerMap = regexp.MustCompile(`((?:headers|metadata)["']?\s*:\s*\{)((?:\$\{[^}]*\}|[^}])*)`)
	variable  = regexp.MustCompile(`\$\{env:\w+\}`)
)

// covered is a line of the source with an asterisk for each character of a secret, so that
// what stands behind keeps its place. key is that of the fault in the line.
func covered(line, key string) string {
	for _, secret := range []*regexp.Regexp{headerMap, address, userInfo, secretKey, bodyKey} {
		line = cover(line, secret)
	}
	_, header, ok := strings.Cut(key, ".headers.")
	if !ok {
		_, header, ok = strings.Cut(key, ".metadata.")
	}
	if ok {
		line = cover(line, regexp.MustCompile(`(`+regexp.QuoteMeta(header)+`["']?\s*[:=]\s*)(.*)$`))
	}
	return line
}

// cover replaces the second group of a pattern, but for names of variables.
func cover(line string, secret *regexp.Regexp) string {
	m := secret.FindStringSubmatchIndex(line)
	if m == nil {
		return line
	}
	stars := func(s string) string { return strings.Repeat("*", len([]rune(s))) }
	var out strings.Builder
	out.WriteString(line[:m[4]])
	value, at := line[m[4]:m[5]], 0
	for _, v := range variable.FindAllStringIndex(value, -1) {
		out.WriteString(stars(value[at:v[0]]) + value[v[0]:v[1]])
		at = v[1]
	}
	out.WriteString(stars(value[at:]) + line[m[5]:])
	return out.String()
}

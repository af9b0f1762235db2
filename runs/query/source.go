package query

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// Bounds of a condition.
const (
	maxSource = 4096 // bytes
	maxNodes  = 1000 // parts of the expression
)

var (
	withUnit = regexp.MustCompile(`^(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|μs|ms|s|m|h))+`)
	word     = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*`)
	digits   = regexp.MustCompile(`^[0-9][0-9_.eExXa-fA-F]*`)
)

// keywords may be written in upper case, as in SQL.
var keywords = map[string]bool{"and": true, "or": true, "not": true, "in": true, "matches": true, "contains": true}

// parse reads a condition into an expression in which a duration such as 50ms is a call of
// duration.
func parse(src string) (ast.Node, error) {
	if len(src) > maxSource {
		return nil, fmt.Errorf("it is longer than %d bytes", maxSource)
	}
	if strings.TrimSpace(src) == "" {
		return nil, errors.New("it is empty; write one such as service_time > 50ms")
	}
	if !utf8.ValidString(src) {
		return nil, errors.New("it is not valid UTF-8")
	}
	text, err := rewrite(src)
	if err != nil {
		return nil, err
	}
	tree, err := parser.Parse(text)
	if err != nil {
		if fault, ok := errors.AsType[*file.Error](err); ok {
			return nil, errors.New(plaintext.Line(fault.Message))
		}
		return nil, errors.New(plaintext.Line(err.Error()))
	}
	nodes := 0
	ast.Walk(&tree.Node, counter{&nodes})
	if nodes > maxNodes {
		return nil, fmt.Errorf("it has more than %d parts", maxNodes)
	}
	return tree.Node, nil
}

type counter struct{ n *int }

func (c counter) Visit(*ast.Node) { *c.n++ }

// rewrite puts durations into calls, and keywords into lower case. Texts stay.
func rewrite(src string) (string, error) {
	var out strings.Builder
	for rest := src; rest != ""; {
		n := 1
		switch c := rest[0]; {
		case c == '"' || c == '\'' || c == '`':
			n = quoted(rest)
			out.WriteString(rest[:n])
		case '0' <= c && c <= '9':
			n = number1(&out, rest)
		case word.MatchString(rest):
			w := word.FindString(rest)
			if n = len(w); keywords[strings.ToLower(w)] {
				w = strings.ToLower(w)
			}
			out.WriteString(w)
		case c == '=' && !strings.HasPrefix(rest, "==") && !strings.HasSuffix(src[:len(src)-len(rest)], "=") &&
			!strings.ContainsAny(before(src, rest), "<>!"):
			return "", errors.New("= alone compares nothing: write == for is equal to")
		case strings.HasPrefix(rest, "<>"):
			return "", errors.New("<> is not known here: write != for is not equal to")
		default:
			out.WriteByte(c)
		}
		rest = rest[n:]
	}
	return out.String(), nil
}

// before is the byte before the rest of a text, or nothing.
func before(src, rest string) string {
	at := len(src) - len(rest)
	return src[max(0, at-1):at]
}

// number1 writes a number, or a duration as a call, and returns its length.
func number1(out *strings.Builder, rest string) int {
	if d := withUnit.FindString(rest); d != "" && !word.MatchString(rest[len(d):]) {
		fmt.Fprintf(out, "duration(%q)", strings.ReplaceAll(d, "μ", "µ"))
		return len(d)
	}
	d := digits.FindString(rest)
	out.WriteString(d)
	return len(d)
}

// quoted is the length of a text with its quotes, or of all that is left if it does not end.
func quoted(rest string) int {
	quote := rest[0]
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && quote != '`':
			i++
		case rest[i] == quote:
			return i + 1
		}
	}
	return len(rest)
}

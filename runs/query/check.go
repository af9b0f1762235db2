package query

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/spelling"
)

// operand is a part of a comparison: a column, a value, or what is computed of them.
type operand struct {
	kind    Kind
	column  *Column // of a column alone
	nothing bool    // nil
	source  string  // in the language of the evaluator
	reads   []*Column
	// Of a value:
	literal  string // as text
	constant bool
	zero     bool
}

// name is how an operand is called in an error.
func (o *operand) name() string {
	if o.column != nil {
		return o.column.Name
	}
	return "this"
}

// operand checks a part of a comparison.
func (c *compiler) operand(n ast.Node) (*operand, error) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return c.identifier(n.Value)
	case *ast.NilNode:
		return &operand{nothing: true, constant: true, source: "nil"}, nil
	case *ast.IntegerNode:
		return &operand{kind: Number, constant: true, zero: n.Value == 0, literal: fmt.Sprint(n.Value), source: fmt.Sprint(n.Value)}, nil
	case *ast.FloatNode:
		return &operand{kind: Number, constant: true, zero: n.Value == 0, literal: fmt.Sprint(n.Value), source: n.String()}, nil
	case *ast.BoolNode:
		return &operand{kind: Flag, constant: true, source: n.String()}, nil
	case *ast.StringNode:
		return &operand{kind: Text, constant: true, literal: n.Value, source: n.String()}, nil
	case *ast.BuiltinNode:
		return c.call(n)
	case *ast.UnaryNode:
		return c.negative(n)
	case *ast.BinaryNode:
		return c.computed(n)
	}
	return nil, unsupported(n)
}

// unsupported is the error of a construct of the expression language that a condition
// does not need.
func unsupported(n ast.Node) error {
	return fmt.Errorf("%s is not supported in a condition", shortened(n.String()))
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return plaintext.Line(s)
}

func (c *compiler) identifier(name string) (*operand, error) {
	column, ok := find(name)
	if !ok {
		return nil, unknownColumn(name)
	}
	c.use(column)
	return &operand{kind: column.Kind, column: column, source: column.Name, reads: []*Column{column}}, nil
}

// unknownColumn names the column that may have been meant, or the text: a word of a text
// without its quotes is the most frequent mistake.
func unknownColumn(name string) error {
	shown := shortened(name)
	for i := range Columns {
		if slices.Contains(Columns[i].Values, name) {
			return fmt.Errorf("unknown column %q; did you mean the text, %s == \"%s\"?", shown, Columns[i].Name, shown)
		}
	}
	if near, ok := nearest(name); ok {
		return fmt.Errorf("unknown column %q; did you mean %s?", shown, near)
	}
	return fmt.Errorf("unknown column %q; loadtrace runs columns lists them", shown)
}

// call is a duration, as rewrite writes them, or one of a few functions of texts.
func (c *compiler) call(n *ast.BuiltinNode) (*operand, error) {
	if n.Name == "duration" && len(n.Arguments) == 1 {
		if s, ok := n.Arguments[0].(*ast.StringNode); ok {
			d, err := time.ParseDuration(s.Value)
			if err != nil {
				return nil, fmt.Errorf("%s is no duration that fits; the longest is 2562047h", shortened(s.Value))
			}
			return &operand{kind: Duration, constant: true, zero: d == 0, source: fmt.Sprint(int64(d))}, nil
		}
	}
	if n.Name != "lower" && n.Name != "upper" && n.Name != "len" && n.Name != "abs" || len(n.Arguments) != 1 {
		return nil, unsupported(n)
	}
	of, err := c.operand(n.Arguments[0])
	if err != nil {
		return nil, err
	}
	out := &operand{kind: of.kind, source: n.Name + "(" + of.source + ")", reads: of.reads}
	switch {
	case n.Name == "abs" && (of.kind == Number || of.kind == Duration):
	case n.Name == "len" && of.kind == Text:
		out.kind = Number
	case n.Name != "abs" && n.Name != "len" && of.kind == Text:
	default:
		return nil, fmt.Errorf("%s of %s: it is a %s", n.Name, of.name(), of.kind)
	}
	return out, nil
}

func (c *compiler) negative(n *ast.UnaryNode) (*operand, error) {
	if n.Operator != "-" {
		return nil, unsupported(n)
	}
	of, err := c.operand(n.Node)
	if err != nil {
		return nil, err
	}
	if of.kind != Number && of.kind != Duration {
		return nil, fmt.Errorf("%s is a %s, which has no negative", of.name(), of.kind)
	}
	return &operand{kind: of.kind, constant: of.constant, zero: of.zero, literal: "-" + of.literal, source: "(-" + of.source + ")", reads: of.reads}, nil
}

// computed is a sum, difference, product or quotient.
func (c *compiler) computed(n *ast.BinaryNode) (*operand, error) {
	if !strings.Contains("+-*/", n.Operator) {
		return nil, fmt.Errorf("%s has to stand alone, or in parentheses between and, or and not", shortened(n.String()))
	}
	a, err := c.operand(n.Left)
	if err != nil {
		return nil, err
	}
	b, err := c.operand(n.Right)
	if err != nil {
		return nil, err
	}
	kind, ok := result(n.Operator, a.kind, b.kind)
	if !ok || a.nothing || b.nothing {
		return nil, fmt.Errorf("%s is a %s and %s a %s: %s does not take them", a.name(), a.kind, b.name(), b.kind, n.Operator)
	}
	return &operand{kind: kind, source: "(" + a.source + " " + n.Operator + " " + b.source + ")", reads: append(slices.Clone(a.reads), b.reads...)}, nil
}

// result is the kind of what an operator makes of two.
func result(operator string, a, b Kind) (Kind, bool) {
	if a != Number && a != Duration || b != Number && b != Duration {
		return 0, false
	}
	switch operator {
	case "+", "-":
		return a, a == b
	case "*":
		return max(a, b), a == Number || b == Number
	}
	if a == b {
		return Number, true
	}
	return Duration, a == Duration
}

// agree reports two operands that cannot be compared, and adapts a text to a column of
// times.
func agree(a, b *operand) error {
	if a.constant && !b.constant {
		a, b = b, a
	}
	switch {
	case a.kind == Moment && b.kind == Text && b.constant:
		t, err := time.Parse(time.RFC3339Nano, b.literal)
		if err != nil {
			return fmt.Errorf("%s is a time: write one such as \"2026-01-31T12:00:00Z\"", a.name())
		}
		b.kind, b.source = Moment, fmt.Sprint(t.UnixNano())
		return nil
	case a.kind == Duration && b.kind == Number && b.zero:
		return nil
	case a.kind == Duration && b.kind == Number && b.constant:
		return fmt.Errorf("%s is a duration: write %s with a unit, such as %[2]sms", a.name(), b.literal)
	case a.kind == Number && b.kind == Text && b.constant:
		return fmt.Errorf("%s is a number: write %s without quotes", a.name(), shortened(b.literal))
	case a.kind == Text && b.kind == Number && b.constant:
		return fmt.Errorf("%s is a text: write \"%s\" in quotes", a.name(), b.literal)
	case a.kind != b.kind:
		return fmt.Errorf("%s is a %s, and cannot be compared with a %s", a.name(), a.kind, b.kind)
	}
	return oneOf(a.column, b)
}

// oneOf reports a text that a column never has.
func oneOf(c *Column, b *operand) error {
	if c == nil || len(c.Values) == 0 || !b.constant || b.kind != Text || b.literal == "" || slices.Contains(c.Values, b.literal) {
		return nil
	}
	known := strings.Join(c.Values, ", ")
	if near, ok := spelling.Nearest(b.literal, c.Values); ok {
		return fmt.Errorf("%s is never \"%s\"; did you mean \"%s\"? It is one of %s", c.Name, shortened(b.literal), near, known)
	}
	return fmt.Errorf("%s is never \"%s\"; it is one of %s", c.Name, shortened(b.literal), known)
}

// pattern checks the right side of matches.
func pattern(b *operand) error {
	if b.kind != Text || !b.constant {
		return errors.New("matches wants a regular expression in quotes behind it")
	}
	if _, err := regexp.Compile(b.literal); err != nil {
		return errors.New(plaintext.Line(err.Error()))
	}
	return nil
}

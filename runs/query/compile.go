package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// compiler turns a condition into one for the evaluator, which knows no missing values:
// there each column has a companion that says whether its value is known. It gives two
// forms, one that is true where the condition is, and one that is true where the condition
// is false: where a value is missing, neither is (Kleene's logic, as of NULL in SQL). So
// not is the other form of what it negates.
type compiler struct {
	used []*Column
}

// known is the name of a column's companion.
func known(c *Column) string { return "known_" + c.Name }

func (c *compiler) use(column *Column) {
	if !slices.Contains(c.used, column) {
		c.used = append(c.used, column)
	}
}

// condition gives the form of a condition that is true where it has a value.
func (c *compiler) condition(n ast.Node, want bool) (string, error) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "not" || n.Operator == "!" {
			return c.condition(n.Node, !want)
		}
	case *ast.BoolNode:
		return fmt.Sprint(n.Value == want), nil
	case *ast.IdentifierNode:
		return c.alone(n.Value, want)
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			return c.both(n, "and", "or", want)
		case "or", "||":
			return c.both(n, "or", "and", want)
		}
		if slices.Contains(comparisons, n.Operator) {
			if not, ok := n.Left.(*ast.UnaryNode); ok && (not.Operator == "not" || not.Operator == "!") {
				// To the parser not binds closer than a comparison, to everybody else it does not.
				return c.comparison(&ast.BinaryNode{Operator: n.Operator, Left: not.Node, Right: n.Right}, !want)
			}
			return c.comparison(n, want)
		}
	}
	if o, err := c.operand(n); err == nil {
		return "", fmt.Errorf("%s is a %s and no condition: compare it, as in service_time > 50ms", shortened(n.String()), o.kind)
	} else {
		return "", err
	}
}

func (c *compiler) both(n *ast.BinaryNode, operator, dual string, want bool) (string, error) {
	a, err := c.condition(n.Left, want)
	if err != nil {
		return "", err
	}
	b, err := c.condition(n.Right, want)
	if err != nil {
		return "", err
	}
	if !want {
		operator = dual
	}
	return "(" + a + " " + operator + " " + b + ")", nil
}

// alone is a column that stands for a condition: one that is true or false; a text, which
// is one if it is there; or gc_overlap, which is one unless it is no.
func (c *compiler) alone(name string, want bool) (string, error) {
	o, err := c.identifier(name)
	if err != nil {
		return "", err
	}
	column := o.column
	switch {
	case column.Kind == Flag && want:
		return column.Name, nil
	case column.Kind == Flag:
		return "not " + column.Name, nil
	case slices.Contains(column.Values, "no") && want:
		return "(" + known(column) + " and " + column.Name + ` != "no")`, nil
	case slices.Contains(column.Values, "no"):
		return "(" + column.Name + ` == "no")`, nil
	case column.Kind == Text && want:
		return known(column), nil
	case column.Kind == Text:
		return "not " + known(column), nil
	}
	return "", fmt.Errorf("%s is a %s: compare it, as in %s", column.Name, column.Kind, example(column))
}

func example(c *Column) string {
	switch c.Kind {
	case Duration:
		return c.Name + " > 50ms"
	case Moment:
		return c.Name + ` > "2026-01-31T12:00:00Z"`
	}
	return c.Name + " > 0"
}

var comparisons = []string{"==", "!=", "<", "<=", ">", ">=", "in", "matches", "contains", "startsWith", "endsWith"}

func (c *compiler) comparison(n *ast.BinaryNode, want bool) (string, error) {
	a, err := c.operand(n.Left)
	if err != nil {
		return "", err
	}
	if n.Operator == "in" {
		return c.within(a, n.Right, want)
	}
	b, err := c.operand(n.Right)
	if err != nil {
		return "", err
	}
	if a.nothing || b.nothing {
		return missing(a, b, n.Operator, want)
	}
	if err := c.fits(a, b, n.Operator); err != nil {
		return "", err
	}
	return guarded(append(a.reads, b.reads...), "("+a.source+" "+n.Operator+" "+b.source+")", want), nil
}

// fits reports operands that an operator does not take.
func (c *compiler) fits(a, b *operand, operator string) error {
	switch operator {
	case "matches", "contains", "startsWith", "endsWith":
		if a.kind != Text {
			return fmt.Errorf("%s is a %s: %s is for texts", a.name(), a.kind, operator)
		}
		if operator == "matches" {
			return pattern(b)
		}
		if b.kind != Text {
			return fmt.Errorf("%s wants a text in quotes behind it", operator)
		}
		return nil
	}
	if err := agree(a, b); err != nil {
		return err
	}
	if a.kind == Flag && operator != "==" && operator != "!=" {
		return fmt.Errorf("%s is true or false: write it alone, or with not", a.name())
	}
	return nil
}

// within is a comparison with a list of values.
func (c *compiler) within(a *operand, list ast.Node, want bool) (string, error) {
	array, ok := list.(*ast.ArrayNode)
	if !ok {
		return "", fmt.Errorf("in wants a list behind it, as in status in [502, 503]")
	}
	var values []string
	for _, n := range array.Nodes {
		b, err := c.operand(n)
		if err != nil {
			return "", err
		}
		if !b.constant || b.nothing {
			return "", fmt.Errorf("%s is no value: a list has values only", shortened(n.String()))
		}
		if err := agree(a, b); err != nil {
			return "", err
		}
		values = append(values, "("+a.source+" == "+b.source+")")
	}
	if len(values) == 0 {
		return fmt.Sprint(!want), nil
	}
	return guarded(a.reads, "("+strings.Join(values, " or ")+")", want), nil
}

// guarded is a comparison, or its opposite, where all its columns are known.
func guarded(reads []*Column, comparison string, want bool) string {
	if !want {
		comparison = "not " + comparison
	}
	parts := []string{}
	for _, r := range reads {
		if part := known(r); !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return "(" + strings.Join(append(parts, comparison), " and ") + ")"
}

// missing is a comparison with nil: of a column, whether it has a value.
func missing(a, b *operand, operator string, want bool) (string, error) {
	if a.nothing {
		a, b = b, a
	}
	if a.column == nil || !b.nothing || operator != "==" && operator != "!=" {
		return "", fmt.Errorf("nil is for columns: write server_duration == nil for one that is missing")
	}
	if (operator == "==") == want {
		return "not " + known(a.column), nil
	}
	return known(a.column), nil
}

package planfile

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/loadtrace/loadtrace/internal/yamlbound"
)

// parseSource turns source text into the syntax tree of its one document. The
// tree is nil if the document is empty or there was a fault.
func parseSource(src []byte, faults *faults) ast.Node {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if p, what, fix := checkText(src); what != "" {
		faults.at(p, "", what, fix)
		return nil
	}
	tokens := lexer.Tokenize(string(src))
	if t, what := yamlbound.Excess(tokens); t != nil {
		faults.at(placeOfToken(t), "", what, "remove what is not needed: a plan has fewer than 10 levels and 100 keys in one mapping")
		return nil
	}
	// Duplicate keys are reported by the builder, with their key paths.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p, what := syntaxFault(err)
		faults.at(p, "", what, "")
		return nil
	}
	return onlyDocument(file, faults)
}

// checkText finds what YAML does not allow in a text: too much of it, bytes that
// are not UTF-8, and control characters.
func checkText(src []byte) (p place, what, fix string) {
	if len(src) > maxSource {
		return tooLong()
	}
	p = place{line: 1, column: 1}
	for len(src) > 0 {
		r, n := utf8.DecodeRune(src)
		switch {
		case r == utf8.RuneError && n == 1:
			return p, "is not UTF-8", "save the file as UTF-8; put a binary body into a file and name it with body_file"
		case control(r):
			return p, fmt.Sprintf("control character %U", r), `write it as an escape within double quotes, such as "\u0007"`
		case r == '\n':
			p.line, p.column = p.line+1, 0
		}
		p.column++
		src = src[n:]
	}
	return place{}, "", ""
}

func tooLong() (p place, what, fix string) {
	return place{}, fmt.Sprintf("more than %d bytes", maxSource), "put bodies into files and name them with body_file"
}

// control reports whether YAML (1.2.2, section 5.1) forbids a character in a text.
func control(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r >= 0x80 && r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff
}

// syntaxFault is the place and the reason of a parser's error.
func syntaxFault(err error) (place, string) {
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) {
		return place{}, err.Error()
	}
	return placeOfToken(syntax.Token), syntax.Message
}

// onlyDocument is the body of a file's one document.
func onlyDocument(file *ast.File, faults *faults) ast.Node {
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if body != nil {
			faults.at(placeOf(doc.Body), "", "a second document", "write one plan per file")
			return nil
		}
		body = doc.Body
	}
	return body
}

func placeOfToken(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{line: t.Position.Line, column: t.Position.Column}
}

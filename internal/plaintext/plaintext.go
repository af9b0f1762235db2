// Package plaintext writes text from outside where it must not be more than text: into
// lines of a report, a log or a terminal.
package plaintext

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns text as one line of visible characters. What moves a cursor, begins a
// line or an escape sequence, changes the direction of writing or is not UTF-8 becomes
// one of Go's escapes, such as \n, \x1b or \u202e. All else is returned as it is,
// backslashes too: a Line is for reading, not for parsing.
func Line(text string) string {
	var b strings.Builder
	done := 0 // bytes of text that b has
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !unicode.IsPrint(r) || r == utf8.RuneError && size == 1 {
			b.WriteString(text[done:i])
			escaped := strconv.Quote(text[i : i+size])
			b.WriteString(escaped[1 : len(escaped)-1])
			done = i + size
		}
		i += size
	}
	if done == 0 {
		return text
	}
	b.WriteString(text[done:])
	return b.String()
}

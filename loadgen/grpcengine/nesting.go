package grpcengine

import (
	"bytes"
	"fmt"
)

// maxNested bounds how deeply the brackets of a .proto file are nested. protoc takes 32
// levels of messages; the compiler used here reads all there are first, and took
// gigabytes for half a million.
const maxNested = 100

// checkNesting reports the line of a .proto file from which it is nested too deeply.
func checkNesting(text []byte) error {
	depth, line := 0, 1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\n':
			line++
		case '{', '[', '(', '<':
			if depth++; depth > maxNested {
				return fmt.Errorf("line %d: nested more than %d deep", line, maxNested)
			}
		case '}', ']', ')', '>':
			depth = max(0, depth-1)
		case '"', '\'':
			i += quoted(text[i+1:], c)
		case '/':
			end := comment(text[i:])
			line += bytes.Count(text[i:i+end], []byte("\n"))
			i += max(0, end-1)
		}
	}
	return nil
}

// quoted is the length of what follows a quote, with the one that closes it. A text ends
// with its line in any case.
func quoted(text []byte, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(text)
}

// comment is the length of a comment without the line's end, 0 if there is none.
func comment(text []byte) int {
	begin, end := "//", "\n"
	if bytes.HasPrefix(text, []byte("/*")) {
		begin, end = "/*", "*/"
	} else if !bytes.HasPrefix(text, []byte(begin)) {
		return 0
	}
	i := bytes.Index(text[len(begin):], []byte(end))
	switch {
	case i < 0:
		return len(text)
	case end == "\n":
		return len(begin) + i
	}
	return len(begin) + i + len(end)
}

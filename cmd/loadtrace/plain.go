package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// printLines writes text of our own, of which parts may be from outside, to a terminal or
// a log. The text may have several lines; a part from outside that must not begin one is
// a plaintext.Line before.
func printLines(w io.Writer, format string, args ...any) {
	io.WriteString(w, plaintext.Lines(fmt.Sprintf(format, args...))+"\n")
}

// users are the user information of URLs.
var users = regexp.MustCompile(`([a-zA-Z]://)[^\s/"'@]+@`)

// withoutUsers takes user information out of the URLs in an error: the collector's own
// errors of --config have all of it.
func withoutUsers(text string) string { return users.ReplaceAllString(text, "$1") }

// printJSON writes a value as JSON that a terminal shows as it is.
func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(plaintext.JSON(text), '\n'))
	return err
}

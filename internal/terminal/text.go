package terminal

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// columns measures text. It does not heed the locale, so that the same values
// are drawn alike everywhere.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// sgr matches the colours that paint writes.
var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// width of text in columns, not counting colours.
func width(s string) int { return columns.StringWidth(sgr.ReplaceAllString(s, "")) }

// clean makes text from outside harmless. Here what is not visible is dropped instead of
// escaped: it would push what is out of the columns.
func (o Options) clean(s string) string {
	s = plaintext.Drop(s)
	if o.ASCII {
		s = strings.Map(func(r rune) rune {
			if r >= utf8.RuneSelf {
				return '?'
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// cut shortens text, which may have colours, to n columns.
func (o Options) cut(s string, n int) string {
	if width(s) <= n {
		return s
	}
	n -= width(o.ellipsis())
	if n < 0 {
		return ""
	}
	var b strings.Builder
	left, at := n, 0
	take := func(plain string) {
		part := columns.Truncate(plain, left, "")
		b.WriteString(part)
		left -= width(part)
		if len(part) < len(plain) {
			left = 0
		}
	}
	for _, code := range sgr.FindAllStringIndex(s, -1) {
		take(s[at:code[0]])
		b.WriteString(s[code[0]:code[1]])
		at = code[1]
	}
	take(s[at:])
	return b.String() + o.ellipsis()
}

// cutMiddle shortens plain text to n columns and leaves its beginning and end.
func (o Options) cutMiddle(s string, n int) string {
	room := n - width(o.ellipsis())
	if width(s) <= n || room < 2 {
		return o.cut(s, n)
	}
	head := columns.Truncate(s, room/2, "")
	tail := columns.TruncateLeft(s, width(s)-(room-width(head)), "")
	return head + o.ellipsis() + tail
}

// left puts text at the left of n columns, right at their right.
func left(s string, n int) string  { return s + spaces(n-width(s)) }
func right(s string, n int) string { return spaces(n-width(s)) + s }

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// wrap breaks plain text into lines of at most n columns, between words.
func wrap(s string, n int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && width(line)+1+width(word) > n {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// join puts parts on one line and continues on the next where they do not fit.
func join(parts []string, between string, n int) []string {
	var lines []string
	line := ""
	for _, part := range parts {
		switch {
		case line == "":
			line = part
		case width(line)+width(between)+width(part) > n:
			lines = append(lines, line)
			line = part
		default:
			line += between + part
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

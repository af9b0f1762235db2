package plaintext

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// Bounds of what is shown of a text. More of it tells nobody more.
const (
	maxLine  = 4096 // bytes of a Line
	maxLines = 1000 // of Lines
)

// Visible reports whether a character is shown as it is: a letter, mark, number, symbol,
// or the space. Those of C0 and C1, which move a cursor or begin an escape sequence, those
// that change the direction of writing and those without width are not visible.
func Visible(r rune) bool { return unicode.IsPrint(r) }

// Line returns text as one line of at most 4096 bytes. What is not Visible or not UTF-8
// becomes one of Go's escapes, such as \n, \x1b or \u202e, and so does the beginning of a
// workflow command. All else is returned as it is, backslashes too: a Line is for reading,
// not for parsing.
func Line(text string) string { return bounded(breakCommands(escape(text))) }

// Parameter is Line for what stands within a workflow command of our own, where another
// is none: the names of files there are exact.
func Parameter(text string) string { return bounded(escape(text)) }

// escape may return a little more than a line has.
func escape(text string) string {
	var b strings.Builder
	done := 0 // bytes of text that b has
	cut := false
	for i := 0; i < len(text); {
		if b.Len()+i-done > maxLine {
			text, cut = text[:i], true
			break
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if !Visible(r) || r == utf8.RuneError && size == 1 {
			b.WriteString(text[done:i])
			escaped := strconv.Quote(text[i : i+size])
			b.WriteString(escaped[1 : len(escaped)-1])
			done = i + size
		}
		i += size
	}
	if done > 0 || cut {
		b.WriteString(text[done:])
		text = b.String()
	}
	return text
}

// Lines is Line for a text of several lines, of which it returns at most a thousand: the
// last of them then says how many more there are. Tabs stay. It is for texts of our own,
// whose parts from outside are Lines already.
func Lines(text string) string {
	lines := strings.SplitN(text, "\n", maxLines+1)
	if len(lines) > maxLines {
		more := 2 + strings.Count(lines[maxLines], "\n")
		lines = lines[:maxLines]
		lines[maxLines-1] = fmt.Sprintf("… %d more lines", more)
	}
	return eachLine(lines)
}

// AllLines is Lines for what a user wants to see whole, such as what a debug exporter logs.
func AllLines(text string) string { return eachLine(strings.Split(text, "\n")) }

func eachLine(lines []string) string {
	for i, line := range lines {
		cells := strings.SplitN(strings.TrimSuffix(line, "\r"), "\t", maxLine)
		for j := range cells {
			cells[j] = Line(cells[j])
		}
		lines[i] = breakCommands(bounded(strings.Join(cells, "\t")))
	}
	return strings.Join(lines, "\n")
}

// Drop returns text as one line of at most 4096 bytes without what is not Visible. Line
// breaks, tabs and other white space become spaces.
func Drop(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case b.Len() > maxLine:
			return bounded(breakCommands(b.String()))
		case Visible(r):
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		}
	}
	return bounded(breakCommands(b.String()))
}

// JSON returns JSON that means the same and has nothing in it that is not Visible, but for
// the white space between its values.
func JSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r >= 0x7f && !Visible(r):
			out = appendEscaped(out, r)
		case r == '#' && commandHash(text[i:]): // within a string: JSON has # nowhere else
			out = appendEscaped(out, r)
		default:
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return out
}

func appendEscaped(out []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		return fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// bounded cuts a line, between characters.
func bounded(line string) string {
	if len(line) <= maxLine {
		return line
	}
	const ellipsis = "…"
	head, _ := utf8text.Cut(line, maxLine-len(ellipsis))
	return head + ellipsis
}

// commandHash reports whether text begins a command of GitHub's older syntax, ##[, or of
// Azure Pipelines, ##vso[. Both are taken wherever they stand in a line.
func commandHash[T string | []byte](text T) bool {
	return len(text) > 2 && text[0] == '#' && text[1] == '#' && (text[2] == '[' ||
		len(text) > 5 && strings.EqualFold(string(text[2:6]), "vso["))
}

// breakCommands escapes the first character of each workflow command in a line. One of
// ::name:: is taken where a line begins with it, which may be after a break between words.
func breakCommands(line string) string {
	if !strings.Contains(line, "::") && !strings.Contains(line, "##") {
		return line
	}
	last := strings.LastIndex(line, "::")
	var b strings.Builder
	for i := range len(line) {
		switch {
		case line[i] == '#' && commandHash(line[i:]):
			b.WriteString(`\x23`)
		case line[i] == ':' && i < last && line[i+1] == ':' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') && letter(line[i+2]):
			b.WriteString(`\x3a`)
		default:
			b.WriteByte(line[i])
		}
	}
	return b.String()
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

package enginekit

import (
	"bytes"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/loadgen"
)

// Firsts tells the first bad answer with each status of an attack from all others, so
// that only of one is kept what it says.
type Firsts struct{ seen [10]atomic.Uint64 } // bits of statuses, 0 being all that there is no bit for

// Bad reports whether an HTTP status is an error's that did not come before.
func (f *Firsts) Bad(status int) bool { return status >= 400 && f.First(status) }

// First reports whether a status did not come before.
func (f *Firsts) First(status int) bool {
	if status < 0 || status >= 64*len(f.seen) {
		status = 0
	}
	word, bit := &f.seen[status/64], uint64(1)<<(status%64)
	return word.Load()&bit == 0 && word.Or(bit)&bit == 0
}

// Beginning is a writer that keeps the first loadgen.MaxExcerpt bytes.
type Beginning struct{ kept []byte }

func (b *Beginning) Write(p []byte) (int, error) {
	if room := loadgen.MaxExcerpt - len(b.kept); room > 0 {
		b.kept = append(b.kept, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// Excerpt is what was kept, as a record has it, of an answer under a content coding.
func (b *Beginning) Excerpt(coding string, size int64) string {
	return EncodedExcerpt(b.kept, coding, size)
}

// Excerpt is the beginning of an answer as a record has it: text with its white space
// collapsed, or, of what is not a text, bytes as a Go literal. It is at most
// loadgen.MaxExcerpt bytes.
func Excerpt(answer []byte) string {
	answer = whole(answer[:min(len(answer), loadgen.MaxExcerpt)])
	if isText(answer) {
		return strings.Join(strings.Fields(string(answer)), " ")
	}
	literal := strconv.QuoteToASCII(string(answer))
	if len(literal) > loadgen.MaxExcerpt {
		literal = literal[:loadgen.MaxExcerpt]
	}
	return literal
}

// whole is text without a character that was cut off at its end.
func whole(answer []byte) []byte {
	for cut := 1; cut < utf8.UTFMax && cut <= len(answer); cut++ {
		if tail := answer[len(answer)-cut:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				answer = answer[:len(answer)-cut]
			}
			break
		}
	}
	return answer
}

func isText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// Package utf8text makes text from outside valid and short where it is kept, shown, or
// passed on in other telemetry: OTLP's text must be UTF-8, and a receiver may refuse a whole
// payload for one that is not; and any text may have any length.
package utf8text

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Valid is s with a replacement character in place of what is no UTF-8.
func Valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Cut is the beginning of s as valid text, of limit bytes at most and of whole
// characters; more says that there was more of it. What is returned does not hold the
// whole of s in memory.
func Cut(s string, limit int) (head string, more bool) {
	all := Valid(begin(s, limit))
	head = begin(all, limit) // a replacement character may be longer than what it replaces
	if len(s) <= limit && len(head) == len(all) {
		return head, false
	}
	return strings.Clone(head), true
}

// Clip shortens what a user wrote to 60 characters and an ellipsis, for a message.
func Clip(s string) string { return ClipTo(s, 60) }

// ClipTo is s, or its first characters, most in number, and an ellipsis.
func ClipTo(s string, most int) string {
	if r := []rune(s[:min(len(s), (most+1)*utf8.UTFMax)]); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// begin is the first bytes of s, limit at most, and no part of a character.
func begin(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for i := limit; i >= 0 && i > limit-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i]
		}
	}
	return s[:limit]
}

// KeyBytes bounds a Key.
const KeyBytes = 256

// hashed is how many bytes of a hash a Key of a long name ends with.
const hashed = 8

// Key is a name by which something is known, as valid text of KeyBytes at most. Of a
// longer name it is the beginning, a tilde and a hash of the whole, so that names that
// begin alike stay apart.
func Key(name string) string {
	if len(name) <= KeyBytes {
		if v := Valid(name); len(v) <= KeyBytes {
			return v
		}
	}
	head, _ := Cut(name, KeyBytes-1-2*hashed)
	sum := sha256.New()
	for part := make([]byte, 0, 4096); name != ""; { // a copy of the whole may be large
		n := min(len(name), cap(part))
		sum.Write(append(part, name[:n]...))
		name = name[n:]
	}
	return head + "~" + hex.EncodeToString(sum.Sum(nil)[:hashed])
}

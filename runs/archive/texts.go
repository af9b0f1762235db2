package archive

import (
	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// texts makes strings of what columns hold, one for each that is equal, and escapes them.
type texts struct{ known map[string]string }

// maxTexts bounds the strings that are remembered. Beyond, each value gets its own.
const maxTexts = 16 << 10

func (t *texts) of(b []byte) string {
	if s, ok := t.known[string(b)]; ok {
		return s
	}
	s := plaintext.Line(string(b))
	if len(t.known) < maxTexts {
		if t.known == nil {
			t.known = map[string]string{}
		}
		t.known[string(b)] = s
	}
	return s
}

package enginekit

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
)

// EncodedExcerpt is Excerpt for an answer of so many bytes under a content coding, as
// its header has it. What can be decoded is, of the beginning that was kept and to no
// more than an excerpt; of all else it says what it is, such as "br, 312 bytes".
func EncodedExcerpt(beginning []byte, coding string, size int64) string {
	coding = strings.ToLower(strings.TrimSpace(coding))
	if len(beginning) == 0 || coding == "" || coding == "identity" {
		return Excerpt(beginning)
	}
	if text := decoded(beginning, coding); len(text) > 0 && isText(whole(text)) {
		return Excerpt(text)
	}
	if !isToken(coding) {
		coding = "encoded"
	}
	return fmt.Sprintf("%s, %d bytes", coding, size)
}

// decoded is as much of an answer as its beginning gives.
func decoded(beginning []byte, coding string) []byte {
	from := func() io.Reader { return bytes.NewReader(beginning) }
	var r io.Reader
	var err error
	switch coding {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(from())
	case "deflate": // which is zlib, and to some servers is not
		if r, err = zlib.NewReader(from()); err != nil {
			r, err = flate.NewReader(from()), nil
		}
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	text := make([]byte, loadgen.MaxExcerpt)
	n, _ := io.ReadFull(r, text) // the beginning ends before the coding does
	return text[:n]
}

// isToken reports whether a coding may be shown: a short token, as RFC 9110, section
// 5.6.2, has it.
func isToken(s string) bool {
	const other = "!#$%&'*+-.^_`|~"
	for _, c := range []byte(s) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'z' || strings.IndexByte(other, c) >= 0) {
			return false
		}
	}
	return len(s) <= 20
}

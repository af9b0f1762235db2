package wire

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"

	"github.com/loadtrace/loadtrace/loadgen"
)

// excerpt is the beginning of the body that comes next, which is still to be read
// after it. It waits for no more of the body than its first byte, or, where the length
// is known, as much as it keeps.
func (c *conn) excerpt(x *Exchange) []byte {
	n := c.head.length
	if c.head.chunked {
		n = -1
	}
	if n == 0 || x.Request.method == http.MethodHead {
		return nil
	}
	most := min(loadgen.MaxExcerpt, c.reader.Size())
	if n > 0 {
		most = int(min(int64(most), n))
	} else {
		c.reader.Peek(1)
		most = min(2*most, c.reader.Buffered())
	}
	b, _ := c.reader.Peek(most)
	if !c.head.chunked {
		return bytes.Clone(b)
	}
	body := make([]byte, loadgen.MaxExcerpt)
	k, _ := io.ReadFull(httputil.NewChunkedReader(bytes.NewReader(b)), body)
	return body[:k]
}

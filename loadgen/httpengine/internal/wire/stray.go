package wire

import (
	"bytes"
	"log"
)

// noteStray notes bytes that came over an idle connection and that nobody asked for. It
// writes net/http's own line for that to the standard logger, without the bytes, so that
// whoever counts the lines of the one transport counts those of the other. As there, the
// 408 of a server that closes an idle connection is none.
func noteStray(b []byte) {
	if len(b) == 0 || bytes.HasPrefix(b, []byte("HTTP/1.")) && len(b) >= strayBytes && string(b[8:strayBytes]) == " 408" {
		return
	}
	log.Print("Unsolicited response received on idle HTTP channel")
}

// strayBytes is how many of them noteStray needs: HTTP/1.1 408.
const strayBytes = 12

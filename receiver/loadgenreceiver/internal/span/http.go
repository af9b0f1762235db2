package span

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/convention"
)

// attributes is how many a span has room for from the start: those of a finished
// HTTP request on a connection that was open, and one more, such as the size of
// its body. Room is most of what a span takes of memory, and so of what makes
// garbage.
const attributes = 22

// name is that of the RPC, or else the method, as the HTTP conventions want where no
// low-cardinality template of the URL is known, and HTTP where the method is not
// one they know.
func name(t *loadgen.Target) string {
	if t != nil {
		if t.RPC {
			return t.Method
		}
		if method, known := convention.Method(t.Method); known {
			return method
		}
	}
	return "HTTP"
}

func putHTTP(a pcommon.Map, rec *loadgen.Record) {
	if rec.Target != nil {
		putTarget(a, rec.Target)
	}
	putPeer(a, rec)
	if v := convention.ProtocolVersion(rec.Proto); v != "" {
		a.PutStr(attr.NetworkProtocolVersion, v)
	}
	if rec.BytesSent > 0 {
		a.PutInt(attr.HTTPRequestBodySize, rec.BytesSent)
	}
	if rec.Status != 0 {
		a.PutInt(attr.HTTPResponseBodySize, rec.BytesReceived)
	}
	convention.ResultOf(rec).Put(a)
}

func putTarget(a pcommon.Map, t *loadgen.Target) {
	method, known := convention.Method(t.Method)
	a.PutStr(attr.HTTPRequestMethod, method)
	if !known {
		a.PutStr(attr.HTTPRequestMethodOriginal, t.Method)
	}
	a.PutStr(attr.URLFull, t.URL)
	putServer(a, t)
}

func putServer(a pcommon.Map, t *loadgen.Target) {
	a.PutStr(attr.ServerAddress, t.Host)
	a.PutInt(attr.ServerPort, int64(t.Port))
}

func putPeer(a pcommon.Map, rec *loadgen.Record) {
	if rec.Peer.IsValid() {
		a.PutStr(attr.NetworkPeerAddress, rec.Peer.Addr().String())
		a.PutInt(attr.NetworkPeerPort, int64(rec.Peer.Port()))
	}
}

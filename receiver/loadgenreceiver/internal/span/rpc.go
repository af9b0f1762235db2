package span

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/convention"
)

func putRPC(a pcommon.Map, rec *loadgen.Record) {
	a.PutStr(attr.RPCSystemName, convention.SystemGRPC)
	a.PutStr(attr.RPCMethod, rec.Target.Method)
	putServer(a, rec.Target)
	putPeer(a, rec)
	convention.ResultOf(rec).Put(a)
}

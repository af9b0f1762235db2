package origin

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/metadata"
)

// Origin is one process of a loadtrace version.
type Origin struct {
	Version  string
	Instance string // service.instance.id, unique to the process
	Part     pace.Part
}

// Fill writes the resource and the scope. It expects both to be empty.
func (o Origin) Fill(resource pcommon.Resource, scope pcommon.InstrumentationScope) {
	a := resource.Attributes()
	a.EnsureCapacity(5)
	a.PutStr(attr.ServiceName, attr.ServiceLoadtrace)
	a.PutStr(attr.ServiceVersion, o.Version)
	a.PutStr(attr.ServiceInstanceID, o.Instance)
	if !o.Part.Whole() {
		a.PutInt(attr.PartIndex, int64(o.Part.Index))
		a.PutInt(attr.PartCount, int64(o.Part.Count))
	}
	scope.SetName(metadata.ScopeName)
	scope.SetVersion(o.Version)
}

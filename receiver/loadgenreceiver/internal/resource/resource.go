package resource

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"

	"github.com/loadtrace/loadtrace/goruntime/environment"
	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/metadata"
)

// Attributes describes the process that generates the telemetry.
type Attributes struct {
	Version  string
	Instance string // service.instance.id, unique to the process
	Shard    pace.Shard
	// Environment is what the process runs in, set by In.
	Environment environment.Environment

	described []attribute.KeyValue // the attributes of Environment
}

// In returns the attributes with the environment of the process, which must not change.
func (o Attributes) In(e environment.Environment) Attributes {
	o.Environment, o.described = e, e.Attributes()
	return o
}

// Fill writes the resource and the scope. It expects both to be empty.
func (o Attributes) Fill(resource pcommon.Resource, scope pcommon.InstrumentationScope) {
	a := resource.Attributes()
	a.EnsureCapacity(5 + len(o.described))
	a.PutStr(attr.ServiceName, attr.ServiceLoadtrace)
	a.PutStr(attr.ServiceVersion, o.Version)
	a.PutStr(attr.ServiceInstanceID, o.Instance)
	if !o.Shard.Whole() {
		a.PutInt(attr.ShardIndex, int64(o.Shard.Index))
		a.PutInt(attr.ShardCount, int64(o.Shard.Count))
	}
	for _, kv := range o.described {
		put(a, kv)
	}
	scope.SetName(metadata.ScopeName)
	scope.SetVersion(o.Version)
}

// put puts an attribute of a kind that an environment has.
func put(a pcommon.Map, kv attribute.KeyValue) {
	key := string(kv.Key)
	switch kv.Value.Type() {
	case attribute.INT64:
		a.PutInt(key, kv.Value.AsInt64())
	case attribute.FLOAT64:
		a.PutDouble(key, kv.Value.AsFloat64())
	default:
		a.PutStr(key, kv.Value.String())
	}
}

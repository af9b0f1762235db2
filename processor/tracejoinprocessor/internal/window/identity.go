package window

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// Identity names an instance: service.namespace and service.name of a resource,
// and its service.instance.id or else the place and the process that it runs in.
// Instance ids tell instances of one service apart, and two namespaces may each
// have a service of one name.
type Identity struct {
	Namespace         string // empty if it is not said
	Service, Instance string
	// By is what the instance is named after: 0 is its own id, and every other number
	// some attributes. Names by different ones do not tell instances apart.
	By int
}

// other reports whether two names are of different instances.
func (id Identity) other(than Identity) bool {
	return id.Instance != "" && than.Instance != "" && id.By == than.By && id.Instance != than.Instance
}

// services are the keys of instances that may be of the same service: not every signal
// says its namespace.
func (id Identity) services() []nameKey {
	if id.Namespace == "" {
		return []nameKey{{service: id.Service, any: true}}
	}
	return []nameKey{{service: id.Service, namespace: id.Namespace}, {service: id.Service}}
}

// places are the attributes that tell where a process runs, the narrowest first. Of
// each, all must be there.
var places = [...][]string{
	{attr.ContainerID},
	{attr.K8SPodUID, attr.K8SContainerName},
	{attr.K8SPodUID},
	{attr.K8SNamespaceName, attr.K8SPodName},
	{attr.K8SPodName},
	{attr.HostID},
	{attr.HostName},
}

// IdentityOf a resource. Its Instance is empty if nothing distinguishes one replica of the
// service from another. The id of a process distinguishes it only from others of its place. Each
// name is a utf8text.Key: identities are kept, and names come in any length.
func IdentityOf(res pcommon.Resource) (id Identity) {
	a := res.Attributes()
	id.Namespace, id.Service = text(a, attr.ServiceNamespace), ServiceOf(res)
	if id.Instance = text(a, attr.ServiceInstanceID); id.Instance != "" {
		return id
	}
	if id.Instance, id.By = placeOf(a); id.Instance == "" {
		return id
	}
	if pid := text(a, attr.ProcessPID); pid != "" {
		id.Instance += "/" + pid
		id.By += len(places)
	}
	id.Instance = utf8text.Key(id.Instance)
	return id
}

// ServiceOf is the service.name of a resource, as in its Identity; empty if there is none.
func ServiceOf(res pcommon.Resource) string { return text(res.Attributes(), attr.ServiceName) }

// placeOf a process, and which of the places it is named after, from 1.
func placeOf(a pcommon.Map) (place string, by int) {
next:
	for i, keys := range places {
		place = ""
		for _, key := range keys {
			v := text(a, key)
			if v == "" {
				continue next
			}
			if place != "" {
				place += "/"
			}
			place += v
		}
		return place, i + 1
	}
	return "", 0
}

// text of an attribute, as a key. Lists, maps and bytes are no names.
func text(a pcommon.Map, key string) string {
	v, ok := a.Get(key)
	if !ok {
		return ""
	}
	switch v.Type() {
	case pcommon.ValueTypeMap, pcommon.ValueTypeSlice, pcommon.ValueTypeBytes:
		return ""
	}
	return utf8text.Key(v.AsString())
}

package attr

import semconv "go.opentelemetry.io/otel/semconv/v1.41.0"

// SchemaURL is that of the semantic conventions that the names below are from.
const SchemaURL = semconv.SchemaURL

// Of resources.
const (
	ServiceName       = string(semconv.ServiceNameKey)
	SDKLanguage       = string(semconv.TelemetrySDKLanguageKey)
	ServiceNamespace  = string(semconv.ServiceNamespaceKey)
	ServiceVersion    = string(semconv.ServiceVersionKey)
	ServiceInstanceID = string(semconv.ServiceInstanceIDKey)
)

// Of resources: where a process runs.
const (
	ContainerID      = string(semconv.ContainerIDKey)
	K8SPodUID        = string(semconv.K8SPodUIDKey)
	K8SPodName       = string(semconv.K8SPodNameKey)
	K8SNamespaceName = string(semconv.K8SNamespaceNameKey)
	K8SContainerName = string(semconv.K8SContainerNameKey)
	HostID           = string(semconv.HostIDKey)
	HostName         = string(semconv.HostNameKey)
	ProcessPID       = string(semconv.ProcessPIDKey)
)

// Of HTTP requests.
const (
	HTTPRequestMethod         = string(semconv.HTTPRequestMethodKey)
	HTTPRequestMethodOriginal = string(semconv.HTTPRequestMethodOriginalKey)
	HTTPRequestBodySize       = string(semconv.HTTPRequestBodySizeKey)
	HTTPResponseBodySize      = string(semconv.HTTPResponseBodySizeKey)
	HTTPResponseStatusCode    = string(semconv.HTTPResponseStatusCodeKey)
	HTTPRoute                 = string(semconv.HTTPRouteKey)
	URLFull                   = string(semconv.URLFullKey)
)

// Of RPCs. The conventions are still renaming these (release candidates at
// 1.41.0; servers may send the names before), so each stands here alone, and is
// written and read by this constant.
const (
	RPCSystemName         = string(semconv.RPCSystemNameKey)
	RPCMethod             = string(semconv.RPCMethodKey)
	RPCResponseStatusCode = string(semconv.RPCResponseStatusCodeKey)
)

// Of any request.
const (
	ErrorType              = string(semconv.ErrorTypeKey)
	ServerAddress          = string(semconv.ServerAddressKey)
	ServerPort             = string(semconv.ServerPortKey)
	NetworkPeerAddress     = string(semconv.NetworkPeerAddressKey)
	NetworkPeerPort        = string(semconv.NetworkPeerPortKey)
	NetworkProtocolVersion = string(semconv.NetworkProtocolVersionKey)
	NetworkIODirection     = string(semconv.NetworkIODirectionKey)
)

// MetricOverflow marks the one series that takes what a full metric cannot
// (OpenTelemetry metrics SDK specification, cardinality limits).
const MetricOverflow = "otel.metric.overflow"

package dashboards

import (
	"fmt"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/semconv/v1.41.0/goconv"
	"go.opentelemetry.io/otel/semconv/v1.41.0/httpconv"
	"go.opentelemetry.io/otel/semconv/v1.41.0/rpcconv"

	"github.com/loadtrace/loadtrace/goruntime"
	"github.com/loadtrace/loadtrace/internal/attr"
)

// Metrics of a run, by the names that Prometheus has for them. Latencies are
// native histograms.
var (
	requests     = counter(attr.MetricRequests, "{request}")
	planned      = gauge(attr.MetricPlanned, "{request}")
	inFlight     = gauge(attr.MetricInFlight, "{request}")
	rateWanted   = gauge(attr.MetricRateWanted, "{request}/s")
	responseTime = histogram(attr.MetricResponseTime, "s")
	httpTime     = histogram(attr.MetricClientDuration, "s")
	callTime     = histogram(attr.MetricCallDuration, "s")
	scheduleLag  = histogram(attr.MetricScheduleLag, "s")
	phaseTime    = histogram(attr.MetricPhaseDuration, "s")
	firstMessage = histogram(attr.MetricFirstMessage, "s")
	messageGap   = histogram(attr.MetricMessageGap, "s")
	connections  = counter(attr.MetricConnections, "{connection}")
	bodies       = counter(attr.MetricIO, "By")
	spans        = counter(attr.MetricSpans, "{span}")
	spansPer     = gauge(attr.MetricSpansPerRequest, "{span}/{request}")
)

// Metrics of the join.
var (
	joinRequests = counter(attr.MetricJoinRequests, "{request}")
	joinSignals  = counter(attr.MetricJoinSignals, "{request}")
	joinResponse = histogram(attr.MetricJoinResponseTime, "s")
	joinLedger   = histogram(attr.MetricJoinLedger, "s")
)

// Metrics of a target's Go runtime. Their histograms have fixed buckets.
var (
	goroutines      = gauge(goconv.GoroutineCount{}.Name(), "{goroutine}")
	goroutineStates = gauge(goruntime.MetricGoroutineState, "{goroutine}")
	scheduleTime    = histogram(goconv.ScheduleDuration{}.Name(), "s")
	heapLive        = gauge(goruntime.MetricHeapLive, "By")
	heapObjects     = gauge(goruntime.MetricHeapObjects, "By")
	heapGoal        = gauge(goconv.MemoryGCGoal{}.Name(), "By")
	memoryUsed      = gauge(goconv.MemoryUsed{}.Name(), "By")
	memoryLimit     = gauge(goconv.MemoryLimit{}.Name(), "By")
	allocated       = counter(goconv.MemoryAllocated{}.Name(), "By")
	gcCycles        = counter(goconv.MemoryGCCyclesObservable{}.Name(), "{gc_cycle}")
	gcPause         = histogram(goconv.MemoryGCPauseDuration{}.Name(), "s")
	cpuTime         = counter(goconv.CPUTimeObservable{}.Name(), "s")
	processors      = gauge(goconv.ProcessorLimit{}.Name(), "{thread}")
	mutexWait       = counter(goruntime.MetricMutexWait, "s")
	cpuPeriods      = counter(goruntime.MetricCPUPeriods, "{period}")
	cpuThrottled    = counter(goruntime.MetricCPUThrottled, "{period}")
	serverTime      = histogram(httpconv.ServerRequestDuration{}.Name(), "s")
	serverCallTime  = histogram(rpcconv.ServerCallDuration{}.Name(), "s")
)

// Metrics that the collector tells of itself: of our components, and of those
// that every collector has. The units are in the names, where there are any.
var (
	itemsDelivered  = own("loadgen_items_delivered_total")
	itemsDropped    = own("loadgen_items_dropped_total")
	queueBytes      = own("loadgen_queue_bytes")
	queueRefused    = own("loadgen_refused_total")
	joinHeld        = own("trace_join_held_bytes")
	joinCapacity    = own("trace_join_capacity_bytes")
	joinWaiting     = own("trace_join_waiting_spans")
	joinSpans       = own("trace_join_spans_total")
	joinReleased    = own("trace_join_released_total")
	joinInstances   = own("trace_join_instances")
	joinStripped    = own("trace_join_exemplars_stripped_total")
	joinRetries     = own("trace_join_retries_total")
	joinLookups     = own("trace_join_lookups_total")
	queueSize       = own("exporter_queue_size")
	queueCapacity   = own("exporter_queue_capacity")
	sentSpans       = own("exporter_sent_spans_total")
	sentPoints      = own("exporter_sent_metric_points_total")
	sentLogs        = own("exporter_sent_log_records_total")
	failedSpans     = own("exporter_send_failed_spans_total")
	failedPoints    = own("exporter_send_failed_metric_points_total")
	failedLogs      = own("exporter_send_failed_log_records_total")
	refusedSpans    = own("receiver_refused_spans_total")
	refusedPoints   = own("receiver_refused_metric_points_total")
	refusedLogs     = own("receiver_refused_log_records_total")
	collectorMemory = own("process_memory_rss_bytes")
	collectorCPU    = own("process_cpu_seconds_total")
	collectorUptime = own("process_uptime_seconds_total")
)

func counter(name, unit string) string {
	return translated(name, unit, otlptranslator.MetricTypeMonotonicCounter)
}

func gauge(name, unit string) string { return translated(name, unit, otlptranslator.MetricTypeGauge) }

func histogram(name, unit string) string {
	return translated(name, unit, otlptranslator.MetricTypeHistogram)
}

// own is a metric that a collector tells of itself.
func own(name string) string { return "otelcol_" + name }

// translated is the name under which Prometheus keeps a metric that came over
// OTLP, with its default strategy.
func translated(name, unit string, kind otlptranslator.MetricType) string {
	namer := otlptranslator.NewMetricNamer("", otlptranslator.UnderscoreEscapingWithSuffixes)
	out, err := namer.Build(otlptranslator.Metric{Name: name, Unit: unit, Type: kind})
	if err != nil {
		panic(fmt.Sprintf("metric %q has no name in Prometheus: %v", name, err))
	}
	return out
}

// Labels of metrics, and of lines in Loki, which translates names in the same way.
var (
	runID      = label(attr.RunID)
	attackName = label(attr.AttackName)
	outcome    = label(attr.Outcome)
	notSent    = label(attr.NotSentReason)
	phase      = label(attr.Phase)
	connState  = label(attr.ConnectionState)
	spanState  = label(attr.SpanState)
	errorType  = label(attr.ErrorType)
	httpStatus = label(attr.HTTPResponseStatusCode)
	rpcStatus  = label(attr.RPCResponseStatusCode)
	direction  = label(attr.NetworkIODirection)
	stageIndex = label(attr.StageIndex)
	plan       = label(attr.Plan)
	planName   = label(attr.PlanName)
	speed      = label(attr.Speed)
	verdict    = label(attr.RunVerdict)

	fingerprint = label(attr.EnvFingerprint)
	runEnd      = label(attr.RunEnd)
	summary     = label(attr.Summary)

	joinStatus      = label(attr.JoinStatus)
	joinSignal      = label(attr.JoinSignal)
	joinState       = label(attr.JoinState)
	ledgerComponent = label(attr.JoinLedgerComponent)
	gcOverlap       = label(attr.JoinGCOverlap)
	serviceName     = label(attr.ServiceName)

	goroutineState = label(goruntime.AttrGoroutineState)
	cpuState       = label(string(goconv.CPUTimeObservable{}.AttrCPUState("").Key))
)

func label(name string) string {
	namer := otlptranslator.LabelNamer{}
	out, err := namer.Build(name)
	if err != nil {
		panic(fmt.Sprintf("attribute %q has no name as a label: %v", name, err))
	}
	return out
}

package query

import (
	"time"

	"github.com/loadtrace/loadtrace/runs/archive"
)

type (
	request = archive.Request
	seconds = archive.Optional[time.Duration]
	count   = archive.Optional[int64]
)

func sent(r *request) bool      { return r.Sent != 0 }
func scheduled(r *request) bool { return r.Sent != 0 && r.Intended != 0 }

// Columns are those of a request, in the order of docs/runs.md. It must not be changed.
var Columns = []Column{
	text("attack", "name of the attack", func(r *request) string { return r.Attack }).of("attack_index", "attack"),
	number("attack_index", "index of the attack in the plan, from 0", func(r *request) int { return r.AttackIndex }),
	number("stage_index", "index of the stage in the attack, from 0", func(r *request) int { return r.StageIndex }),
	number("seq", "number of the request in the attack, from 0", func(r *request) int { return int(r.Seq) }),
	flag("sampled", "the request has a span", func(r *request) bool { return r.Sampled }),
	flag("open", "the request belongs to an open-loop stage", func(r *request) bool { return r.Open }),
	moment("intended", "when the schedule wanted it sent", func(r *request) int64 { return r.Intended }),
	moment("sent", "when it was sent", func(r *request) int64 { return r.Sent }),
	took("service_time", "from sent to the end", func(r *request) time.Duration { return r.ServiceTime }).
		when(sent, "sent", "service_time"),
	took("response_time", "from intended to the end", func(r *request) time.Duration { return r.ResponseTime }).
		when(scheduled, "sent", "intended", "response_time"),
	took("schedule_lag", "from intended to sent", func(r *request) time.Duration { return r.ScheduleLag() }).
		when(scheduled, "sent", "intended", "service_time", "response_time"),
	flag("ok", "a good response came: an HTTP status below 400, or gRPC's OK", func(r *request) bool { return r.OK() }).
		of("outcome", "status", "rpc"),

	text("outcome", "how it ended", func(r *request) string { return r.Outcome.String() }, "finished", "failed", "not_sent"),
	text("error_type", "kind of the error: of a request that failed, or a bad status", func(r *request) string { return r.ErrorType }),
	text("error_message", "the error in words", func(r *request) string { return r.ErrorMessage }),
	text("not_sent_reason", "why it was not sent", func(r *request) string { return string(r.NotSentReason) }),
	number("status", "HTTP status, or gRPC code by number", func(r *request) int { return r.Status }).
		when(func(r *request) bool { return r.StatusName != "" }, "status", "status_name"),
	text("status_name", "digits of the HTTP status, or name of the gRPC code", func(r *request) string { return r.StatusName }),
	text("response_excerpt", "beginning of a bad answer, of one of each status", func(r *request) string { return r.Excerpt }),

	flag("rpc", "a gRPC call", func(r *request) bool { return r.RPC }),
	text("request_method", "HTTP method, or package.Service/Method", func(r *request) string { return r.Method }),
	text("url_full", "what was asked for, without secrets", func(r *request) string { return r.URL }),
	text("server_address", "host of the URL", func(r *request) string { return r.ServerAddress }),
	number("server_port", "port of the URL", func(r *request) int { return r.ServerPort }),
	text("network_protocol_version", "version of HTTP", func(r *request) string { return r.ProtocolVersion }, "1.0", "1.1", "2"),
	number("redirects", "redirects followed", func(r *request) int { return r.Redirects }),
	flag("connection_reused", "the connection had been used before", func(r *request) bool { return r.Reused }),
	number("connections_dialed", "connections opened for it", func(r *request) int { return r.Dialed }),
	number("resent", "times that gRPC sent it again by itself", func(r *request) int { return r.Resent }),
	number("request_body_size", "bytes of the request's body", func(r *request) int { return int(r.BytesSent) }),
	number("response_body_size", "bytes of the response's body", func(r *request) int { return int(r.BytesReceived) }),
	text("network_local_address", "our IP address", func(r *request) string { return r.LocalAddress }),
	number("network_local_port", "our port", func(r *request) int { return r.LocalPort }),
	text("network_peer_address", "IP address that answered", func(r *request) string { return r.PeerAddress }),
	number("network_peer_port", "port that answered", func(r *request) int { return r.PeerPort }),

	took("phase_connection", "waiting for a connection", func(r *request) time.Duration { return r.Connection }),
	took("phase_dns", "name resolution", func(r *request) time.Duration { return r.DNS }),
	took("phase_connect", "TCP connect", func(r *request) time.Duration { return r.Connect }),
	took("phase_tls", "TLS handshake", func(r *request) time.Duration { return r.TLS }),
	took("phase_write", "writing the request", func(r *request) time.Duration { return r.Write }),
	took("phase_wait", "from written to the first byte of the response", func(r *request) time.Duration { return r.Wait }),
	took("phase_read", "from the first to the last byte of the response", func(r *request) time.Duration { return r.Read }),

	flag("stream", "a streaming gRPC call", func(r *request) bool { return r.Streamed }),
	number("stream_messages_sent", "messages sent on the stream", func(r *request) int { return r.MessagesSent }),
	number("stream_messages_received", "messages received on the stream", func(r *request) int { return r.MessagesReceived }),
	took("stream_first_message", "from sent to the first message received", func(r *request) time.Duration { return r.FirstMessage }),

	text("trace_id", "trace id, if the request has a span", traceID).of("sampled"),
	text("join_status", "how much was joined", func(r *request) string { return r.JoinStatus }, "complete", "partial", "none"),
	text("join_missing", "what was not joined, and why", func(r *request) string { return r.JoinMissing }),
	text("join_released", "why it left the join", func(r *request) string { return r.JoinReleased }, "waited", "budget", "trace_too_large", "shutdown"),
	text("server_service", "service that answered", func(r *request) string { return r.ServerService }),
	text("server_namespace", "its namespace", func(r *request) string { return r.ServerNamespace }),
	text("server_instance", "its instance", func(r *request) string { return r.ServerInstance }),
	text("server_route", "its route", func(r *request) string { return r.ServerRoute }),
	text("server_span_id", "id of its span", func(r *request) string { return r.ServerSpanID }),
	text("server_resolution", "how its span was found", func(r *request) string { return r.ServerResolution }, "child", "trace"),
	maybeTook("server_duration", "how long its span took", func(r *request) seconds { return r.ServerDuration }),
	number("server_spans", "its spans below ours", func(r *request) int { return r.ServerSpans }),
	maybeTook("clock_offset", "its clock minus ours", func(r *request) seconds { return r.ClockOffset }),
	maybeTook("clock_bound", "the true offset is within this", func(r *request) seconds { return r.ClockBound }),
	maybeTook("ledger_network", "the network's component of the response time", func(r *request) seconds { return r.LedgerNetwork }),
	maybeTook("ledger_server", "the server's component", func(r *request) seconds { return r.LedgerServer }),
	maybeTook("ledger_read", "the component of reading the response", func(r *request) seconds { return r.LedgerRead }),
	maybeTook("ledger_unexplained", "what no component explains", func(r *request) seconds { return r.LedgerUnexplained }),
	text("gc_overlap", "whether the server's work overlapped a garbage collection", func(r *request) string { return r.GCOverlap }, "no", "possible", "yes"),
	text("gc_resolution", "how the collections are known", func(r *request) string { return r.GCResolution }, "cycles", "samples"),
	maybeCount("gc_cycles", "garbage collections during the work", func(r *request) count { return wide(r.GCCycles) }),
	maybeTook("gc_time_least", "time that collections took of the work, at least", func(r *request) seconds { return r.GCTimeLeast }),
	maybeTook("gc_time_most", "the same, at most", func(r *request) seconds { return r.GCTimeMost }),
	maybeTook("gc_pause", "time that they stopped the process", func(r *request) seconds { return r.GCPause }),
	text("runtime_resolution", "how the runtime's samples were found", func(r *request) string { return r.RuntimeResolution }, "instance", "service"),
	maybeTook("runtime_age", "age of the oldest sample", func(r *request) seconds { return r.RuntimeAge }),
	maybeCount("runtime_goroutines", "goroutines", func(r *request) count { return r.RuntimeGoroutines }),
	maybeCount("runtime_heap", "bytes of the heap", func(r *request) count { return r.RuntimeHeap }),
	maybeCount("runtime_memory", "bytes of memory", func(r *request) count { return r.RuntimeMemory }),
	maybeCount("runtime_gc_goal", "bytes of the heap at which the next collection begins", func(r *request) count { return r.RuntimeGCGoal }),
	maybeCount("runtime_gomaxprocs", "processors that the runtime uses", func(r *request) count { return r.RuntimeGOMAXPROCS }),
	maybeTook("runtime_schedule_p99", "99th percentile of waiting for a processor", func(r *request) seconds { return r.RuntimeScheduleP99 }),
	maybeTook("runtime_eventloop_delay_p99", "99th percentile of the event loop's delay", func(r *request) seconds { return r.RuntimeEventLoopDelayP99 }),
	maybeTook("runtime_window", "time between the samples around the work", func(r *request) seconds { return r.RuntimeWindow }),
	maybeCount("runtime_gc_cycles", "garbage collections in this time", func(r *request) count { return r.RuntimeGCCycles }),
	maybeTook("runtime_gc_pause", "their pauses", func(r *request) seconds { return r.RuntimeGCPause }),
	maybeCount("runtime_allocated", "bytes allocated in this time", func(r *request) count { return r.RuntimeAllocated }),
	{Name: "runtime_cpu", Kind: Number, Doc: "processors busy in this time", fraction: true,
		value: func(r *request) (any, bool) { return r.RuntimeCPU.V, r.RuntimeCPU.OK }},
	number("log_lines", "lines of its log that were found", func(r *request) int { return r.LogLines }),
	number("logs_cut", "of those, lines that are not in logs.parquet", func(r *request) int { return r.LogsCut }),
}

// traceID is empty where there is no span: nothing would be found by it.
func traceID(r *request) string {
	if !r.Sampled {
		return ""
	}
	return r.TraceID().String()
}

func wide(n archive.Optional[int]) count { return count{V: int64(n.V), OK: n.OK} }

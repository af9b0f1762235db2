package archive

import (
	"encoding/hex"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/loadtrace/loadtrace/loadgen"
)

type duration = time.Duration

// Names of columns of requests.parquet that stand for more than a field of their own.
const (
	ColumnAttackIndex = "attack_index"
	ColumnSeq         = "seq"
)

// keyColumns say which request a row is of. Rows are sorted by them.
var keyColumns = []column[Request]{
	integers(ColumnAttackIndex, func(r *Request) *int { return &r.AttackIndex }),
	integers(ColumnSeq, func(r *Request) *uint64 { return &r.Seq }),
}

// recordColumns are what the record of a request knows.
var recordColumns = []column[Request]{
	words("attack", func(r *Request) *string { return &r.Attack }),
	integers("stage_index", func(r *Request) *int { return &r.StageIndex }),
	flags("sampled", func(r *Request) *bool { return &r.Sampled }),
	flags("open", func(r *Request) *bool { return &r.Open }),
	nonzero("intended", func(r *Request) *int64 { return &r.Intended }),
	nonzero("sent", func(r *Request) *int64 { return &r.Sent }),
	ifSent(integers("service_time", func(r *Request) *duration { return &r.ServiceTime })),
	known(integers("response_time", func(r *Request) *duration { return &r.ResponseTime }),
		func(r *Request) bool { return r.Sent != 0 && r.Intended != 0 }),

	outcomes("outcome", func(r *Request) *loadgen.Outcome { return &r.Outcome }),
	words("error_type", func(r *Request) *string { return &r.ErrorType }),
	words("error_message", func(r *Request) *string { return &r.ErrorMessage }),
	words("not_sent_reason", func(r *Request) *loadgen.NotSentReason { return &r.NotSentReason }),
	nonzero("status", func(r *Request) *int { return &r.Status }),
	words("status_name", func(r *Request) *string { return &r.StatusName }),
	words("response_excerpt", func(r *Request) *string { return &r.Excerpt }),

	flags("rpc", func(r *Request) *bool { return &r.RPC }),
	words("request_method", func(r *Request) *string { return &r.Method }),
	words("url_full", func(r *Request) *string { return &r.URL }),
	words("server_address", func(r *Request) *string { return &r.ServerAddress }),
	nonzero("server_port", func(r *Request) *int { return &r.ServerPort }),
	words("network_protocol_version", func(r *Request) *string { return &r.ProtocolVersion }),
	integers("redirects", func(r *Request) *int { return &r.Redirects }),
	flags("connection_reused", func(r *Request) *bool { return &r.Reused }),
	integers("connections_dialed", func(r *Request) *int { return &r.Dialed }),
	integers("resent", func(r *Request) *int { return &r.Resent }),
	integers("request_body_size", func(r *Request) *int64 { return &r.BytesSent }),
	integers("response_body_size", func(r *Request) *int64 { return &r.BytesReceived }),
	words("network_local_address", func(r *Request) *string { return &r.LocalAddress }),
	nonzero("network_local_port", func(r *Request) *int { return &r.LocalPort }),
	words("network_peer_address", func(r *Request) *string { return &r.PeerAddress }),
	nonzero("network_peer_port", func(r *Request) *int { return &r.PeerPort }),

	nonzero("phase_connection", func(r *Request) *duration { return &r.Connection }),
	nonzero("phase_dns", func(r *Request) *duration { return &r.DNS }),
	nonzero("phase_connect", func(r *Request) *duration { return &r.Connect }),
	nonzero("phase_tls", func(r *Request) *duration { return &r.TLS }),
	nonzero("phase_write", func(r *Request) *duration { return &r.Write }),
	nonzero("phase_wait", func(r *Request) *duration { return &r.Wait }),
	nonzero("phase_read", func(r *Request) *duration { return &r.Read }),

	flags("stream", func(r *Request) *bool { return &r.Streamed }),
	integers("stream_messages_sent", func(r *Request) *int { return &r.MessagesSent }),
	integers("stream_messages_received", func(r *Request) *int { return &r.MessagesReceived }),
	nonzero("stream_first_message", func(r *Request) *duration { return &r.FirstMessage }),
	lists("stream_message_gaps", func(r *Request) *[]duration { return &r.Gaps }),
	integers("stream_message_gaps_cut", func(r *Request) *int { return &r.GapsCut }),
}

// joinedColumns are what the join knows of a request.
var joinedColumns = []column[Request]{
	words("join_status", func(r *Request) *string { return &r.JoinStatus }),
	words("join_missing", func(r *Request) *string { return &r.JoinMissing }),
	words("join_released", func(r *Request) *string { return &r.JoinReleased }),

	words("server_service", func(r *Request) *string { return &r.ServerService }),
	words("server_namespace", func(r *Request) *string { return &r.ServerNamespace }),
	words("server_instance", func(r *Request) *string { return &r.ServerInstance }),
	words("server_route", func(r *Request) *string { return &r.ServerRoute }),
	spanIDs("server_span_id", func(r *Request) *string { return &r.ServerSpanID }),
	words("server_resolution", func(r *Request) *string { return &r.ServerResolution }),
	figures("server_duration", func(r *Request) *Optional[duration] { return &r.ServerDuration }),
	nonzero("server_spans", func(r *Request) *int { return &r.ServerSpans }),
	figures("clock_offset", func(r *Request) *Optional[duration] { return &r.ClockOffset }),
	figures("clock_bound", func(r *Request) *Optional[duration] { return &r.ClockBound }),

	figures("ledger_network", func(r *Request) *Optional[duration] { return &r.LedgerNetwork }),
	figures("ledger_server", func(r *Request) *Optional[duration] { return &r.LedgerServer }),
	figures("ledger_read", func(r *Request) *Optional[duration] { return &r.LedgerRead }),
	figures("ledger_unexplained", func(r *Request) *Optional[duration] { return &r.LedgerUnexplained }),

	words("gc_overlap", func(r *Request) *string { return &r.GCOverlap }),
	words("gc_resolution", func(r *Request) *string { return &r.GCResolution }),
	figures("gc_cycles", func(r *Request) *Optional[int] { return &r.GCCycles }),
	figures("gc_time_least", func(r *Request) *Optional[duration] { return &r.GCTimeLeast }),
	figures("gc_time_most", func(r *Request) *Optional[duration] { return &r.GCTimeMost }),
	figures("gc_pause", func(r *Request) *Optional[duration] { return &r.GCPause }),

	words("runtime_resolution", func(r *Request) *string { return &r.RuntimeResolution }),
	figures("runtime_age", func(r *Request) *Optional[duration] { return &r.RuntimeAge }),
	figures("runtime_goroutines", func(r *Request) *Optional[int64] { return &r.RuntimeGoroutines }),
	figures("runtime_heap", func(r *Request) *Optional[int64] { return &r.RuntimeHeap }),
	figures("runtime_memory", func(r *Request) *Optional[int64] { return &r.RuntimeMemory }),
	figures("runtime_gc_goal", func(r *Request) *Optional[int64] { return &r.RuntimeGCGoal }),
	figures("runtime_gomaxprocs", func(r *Request) *Optional[int64] { return &r.RuntimeGOMAXPROCS }),
	figures("runtime_schedule_p99", func(r *Request) *Optional[duration] { return &r.RuntimeScheduleP99 }),
	figures("runtime_eventloop_delay_p99", func(r *Request) *Optional[duration] { return &r.RuntimeEventLoopDelayP99 }),
	figures("runtime_window", func(r *Request) *Optional[duration] { return &r.RuntimeWindow }),
	figures("runtime_gc_cycles", func(r *Request) *Optional[int64] { return &r.RuntimeGCCycles }),
	figures("runtime_gc_pause", func(r *Request) *Optional[duration] { return &r.RuntimeGCPause }),
	figures("runtime_allocated", func(r *Request) *Optional[int64] { return &r.RuntimeAllocated }),
	fractions("runtime_cpu", func(r *Request) *Optional[float64] { return &r.RuntimeCPU }),

	integers("log_lines", func(r *Request) *int { return &r.LogLines }),
	integers("logs_cut", func(r *Request) *int { return &r.LogsCut }),
}

// The files of requests: what records know, and what the join knows, as they come, and in
// the end both.
var (
	requestTable = sortedByKey(newTable("request", keyColumns, recordColumns, joinedColumns))
	recordTable  = sortedByKey(newTable("request", keyColumns, recordColumns))
	joinedTable  = sortedByKey(newTable("request", keyColumns, joinedColumns))
)

func sortedByKey(t *table[Request]) *table[Request] {
	for _, c := range keyColumns {
		t.sorted = append(t.sorted, parquet.Ascending(c.name))
	}
	return t
}

// RequestColumns are the names of the columns of requests.parquet, in their order.
func RequestColumns() []string { return requestTable.names() }

// ifSent makes a column of numbers that are known of requests that were sent.
func ifSent(c column[Request]) column[Request] {
	return known(c, func(r *Request) bool { return r.Sent != 0 })
}

// known makes a column of numbers that are known of some requests.
func known(c column[Request], of func(*Request) bool) column[Request] {
	c.node = parquet.Optional(c.node)
	write, read := c.write, c.read
	c.write = func(to []parquet.Value, rows []Request) []parquet.Value {
		to = write(to, rows)
		for i := range rows {
			if !of(&rows[i]) {
				to[i] = null
			} else {
				to[i].SetDefinitionLevel(1)
			}
		}
		return to
	}
	c.read = func(row *Request, values []parquet.Value, texts *texts) {
		if !values[0].IsNull() {
			read(row, values, texts)
		}
	}
	return c
}

// outcomes is a column of outcomes, by name.
func outcomes(name string, field func(*Request) *loadgen.Outcome) column[Request] {
	byName := map[string]loadgen.Outcome{}
	for _, o := range []loadgen.Outcome{loadgen.Finished, loadgen.Failed, loadgen.NotSent} {
		byName[o.String()] = o
	}
	return column[Request]{
		name: name,
		node: parquet.Encoded(parquet.String(), dictionary),
		write: func(to []parquet.Value, rows []Request) []parquet.Value {
			for i := range rows {
				to = append(to, text(field(&rows[i]).String()))
			}
			return to
		},
		read: func(row *Request, values []parquet.Value, _ *texts) {
			*field(row) = byName[string(values[0].ByteArray())]
		},
	}
}

// spanIDs is a column of span ids, in eight bytes.
func spanIDs(name string, field func(*Request) *string) column[Request] {
	return column[Request]{
		name: name,
		node: parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.FixedLenByteArrayType(spanIDBytes)), plain)),
		write: func(to []parquet.Value, rows []Request) []parquet.Value {
			to = nulls(to, len(rows))
			for i := range rows {
				if v := *field(&rows[i]); v != "" {
					if id, err := hex.DecodeString(v); err == nil && len(id) == spanIDBytes {
						set(&to[i], parquet.FixedLenByteArrayValue(id))
					}
				}
			}
			return to
		},
		read: func(row *Request, values []parquet.Value, _ *texts) {
			if !values[0].IsNull() {
				*field(row) = hex.EncodeToString(values[0].ByteArray())
			}
		},
	}
}

const spanIDBytes = 8

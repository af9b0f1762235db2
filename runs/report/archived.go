package report

import (
	"slices"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/runner"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/archive"
)

// Archived makes the data of an archived run, in one pass over its requests. Of a run that
// has no summary, since it goes on or was killed, the figures are those of the rows.
func Archived(run *archive.Run) (*Data, error) {
	a := newReading(run)
	for row, err := range run.Requests(columns(run.Info())...) {
		if err != nil {
			return nil, err
		}
		a.add(row)
	}
	d := a.builder.Data(a.summary())
	a.annotate(d)
	return d, a.lines(d)
}

// unread are the columns of an archive that no report shows.
var unread = []string{
	"server_address", "server_port", "network_protocol_version", "network_local_address", "network_local_port", "network_peer_address", "network_peer_port",
	"stream", "stream_messages_sent", "stream_messages_received", "stream_first_message", "stream_message_gaps", "stream_message_gaps_cut",
	"join_released", "server_namespace", "server_span_id", "server_resolution", "server_spans", "gc_resolution", "gc_cycles", "gc_pause", "runtime_resolution", "logs_cut",
}

// joinedColumns are the beginnings of the names of columns that are empty where nothing was
// joined.
var joinedColumns = []string{"join_", "server_", "clock_", "ledger_", "gc_", "runtime_", "log_"}

func columns(info *archive.Info) []string {
	nothing := info.Complete && info.Rows.Joined == 0
	return slices.DeleteFunc(archive.RequestColumns(), func(name string) bool {
		return slices.Contains(unread, name) || nothing && slices.ContainsFunc(joinedColumns, func(begin string) bool { return strings.HasPrefix(name, begin) })
	})
}

// reading is an archive on its way into a builder.
type reading struct {
	run     *archive.Run
	info    *archive.Info
	builder *Builder
	targets map[target]*loadgen.Target // at most maxPointers
	// Of a run without a summary:
	figures  *summary.Accumulator
	accounts []runner.Account
	last     time.Time
}

type target struct {
	method, url string
	rpc         bool
}

func newReading(run *archive.Run) *reading {
	info := run.Info()
	a := &reading{run: run, info: info, targets: map[target]*loadgen.Target{}, last: info.Began}
	var names []string
	plan := &loadgen.Plan{Name: info.Name}
	for _, attack := range info.Attacks {
		names = append(names, attack.Name)
		plan.Attacks = append(plan.Attacks, loadgen.Attack{Name: attack.Name, Load: make([]pace.Stage, max(1, len(attack.Stages)))})
		a.accounts = append(a.accounts, runner.Account{})
	}
	a.builder = NewBuilder(names...)
	if info.Summary == nil {
		a.figures = summary.New(plan, run.ID(), info.Began)
	}
	return a
}

func (a *reading) add(row *archive.Request) {
	r := a.record(row)
	a.builder.add(&arrival{Record: &r, trace: func() *Trace { return traceOf(row) }}, row.ServerRoute)
	if row.JoinStatus != "" {
		a.builder.Join(joinedOf(row, r.Done))
	}
	if a.figures != nil && row.AttackIndex >= 0 && row.AttackIndex < len(a.accounts) {
		a.figures.Add(&r)
		account := &a.accounts[row.AttackIndex]
		account.Planned++
		account.Given++
		account.Recorded++
		if r.Done.After(a.last) {
			a.last = r.Done
		}
	}
}

// record is what a row was made of, as far as a report shows it.
func (a *reading) record(row *archive.Request) loadgen.Record {
	r := loadgen.Record{
		Attack: row.AttackIndex, Stage: row.StageIndex, Seq: row.Seq, TraceID: row.TraceID(), SpanID: row.SpanID(), Unsampled: !row.Sampled,
		Open: row.Open, Intended: row.IntendedTime(), Sent: row.SentTime(), Outcome: row.Outcome, NotSent: row.NotSentReason,
		Status: row.Status, Reused: row.Reused, Dialed: row.Dialed, Resent: row.Resent, Redirects: row.Redirects,
		BytesSent: row.BytesSent, BytesReceived: row.BytesReceived, Excerpt: row.Excerpt, Target: a.target(row),
		Phases: loadgen.Phases{Conn: row.Connection, DNS: row.DNS, Connect: row.Connect, TLS: row.TLS, Write: row.Write, Wait: row.Wait, Read: row.Read},
	}
	if row.Outcome != loadgen.NotSent {
		r.Done = r.Sent.Add(row.ServiceTime)
	}
	if row.Outcome == loadgen.Failed {
		r.Error, r.ErrorText = loadgen.ErrorKind(row.ErrorType), row.ErrorMessage
	}
	return r
}

func (a *reading) target(row *archive.Request) *loadgen.Target {
	key := target{row.Method, row.URL, row.RPC}
	if t := a.targets[key]; t != nil {
		return t
	}
	t := &loadgen.Target{Method: row.Method, URL: row.URL, RPC: row.RPC}
	if len(a.targets) < maxPointers {
		a.targets[key] = t
	}
	return t
}

// summary of the run, or of the rows that there are.
func (a *reading) summary() *summary.Summary {
	if a.info.Summary != nil {
		return a.info.Summary
	}
	s := a.figures.Summary(a.last, summary.Conclusion{Accounts: a.accounts, Stopped: true, Reason: "its end is not in the archive"})
	s.Environment.Generator = a.info.Environment
	s.Verdict.Doubt("the run has no summary: its end is not in the archive, and the figures are of the requests that are")
	s.Verdict.Advice = nil
	return &s
}

// annotate adds what is known beside the requests.
func (a *reading) annotate(d *Data) {
	if !a.info.Complete {
		d.Notes = append(d.Notes, "The archive is incomplete: "+strings.Join(a.info.Incomplete, "; "))
		if len(a.info.Incomplete) == 0 {
			d.Notes[len(d.Notes)-1] = "The archive is incomplete: the run goes on, or ended without being able to finish it."
		}
	}
}

// lines adds the lines that the kept requests logged.
func (a *reading) lines(d *Data) error {
	wanted := map[key]*Request{}
	for _, r := range d.Requests {
		if r.Trace != nil && r.Trace.LinesCut > 0 {
			wanted[key{r.Attack, r.Seq}] = r
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	for line, err := range a.run.Logs() {
		if err != nil {
			return err
		}
		if r := wanted[key{line.AttackIndex, line.Seq}]; line.Request && r != nil {
			r.Trace.log(line, r.Sent)
		}
	}
	return nil
}

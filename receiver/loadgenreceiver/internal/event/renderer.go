package event

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/convention"
	"github.com/loadtrace/loadtrace/receiver/loadgenreceiver/internal/resource"
)

// Renderer makes the events of one run.
type Renderer struct {
	origin   resource.Attributes
	plan     *loadgen.Plan
	run      string
	runTrace pcommon.TraceID
	runSpan  pcommon.SpanID
}

// New makes the renderer of a run. The plan must not change.
func New(o resource.Attributes, run loadgen.RunID, plan *loadgen.Plan) *Renderer {
	trace, span := run.RunSpan(plan.Shard.Index)
	return &Renderer{
		origin: o, plan: plan, run: run.String(),
		runTrace: pcommon.TraceID(trace), runSpan: pcommon.SpanID(span),
	}
}

// RunStart reports the plan and the generator's environment.
func (r *Renderer) RunStart(at time.Time) (plog.Logs, error) {
	src, err := PlanYAML(r.plan)
	if err != nil {
		return plog.Logs{}, fmt.Errorf("write the plan into an event: %w", err)
	}
	environment, err := json.Marshal(r.origin.Environment)
	if err != nil {
		return plog.Logs{}, fmt.Errorf("write the environment into an event: %w", err)
	}
	logs, record := r.record(attr.EventRunStart, at)
	record.Body().SetStr(fmt.Sprintf("run %s of plan %s began: %s", r.run, r.plan.Name, count(len(r.plan.Attacks), "attack")))
	a := record.Attributes()
	names := a.PutEmptySlice(attr.RunAttacks)
	for i := range r.plan.Attacks {
		names.AppendEmpty().SetStr(r.plan.Attacks[i].Name)
	}
	a.PutStr(attr.Plan, src)
	if r.origin.Environment.Known() {
		a.PutStr(attr.EnvFingerprint, r.origin.Environment.Fingerprint())
		a.PutStr(attr.Environment, string(environment))
	}
	return logs, nil
}

// AttackStart reports attack i of the plan.
func (r *Renderer) AttackStart(at time.Time, i int) plog.Logs {
	logs, record := r.record(attr.EventAttackStart, at)
	r.add(record, i, "attack %s began")
	return logs
}

// AttackStop reports attack i of the plan.
func (r *Renderer) AttackStop(at time.Time, i int) plog.Logs {
	logs, record := r.record(attr.EventAttackStop, at)
	r.add(record, i, "attack %s ended")
	return logs
}

// AttackSpeed reports that attack i goes on at another speed.
func (r *Renderer) AttackSpeed(at time.Time, i int, speed float64) plog.Logs {
	logs, record := r.record(attr.EventAttackSpeed, at)
	switch speed {
	case 0:
		r.add(record, i, "attack %s paused")
	case 1:
		r.add(record, i, "attack %s goes on at the plan's rate")
	default:
		r.add(record, i, "attack %s goes on at "+strconv.FormatFloat(speed, 'g', 4, 64)+" times the plan's rate")
	}
	record.Attributes().PutDouble(attr.Speed, speed)
	return logs
}

func (r *Renderer) add(record plog.LogRecord, attack int, text string) {
	name := r.plan.Attacks[attack].Name
	record.Body().SetStr(fmt.Sprintf(text, name))
	record.Attributes().PutStr(attr.AttackName, name)
}

// StageStart reports a stage of attack i.
func (r *Renderer) StageStart(at time.Time, i, stage int) plog.Logs {
	logs, record := r.record(attr.EventStageStart, at)
	attack, name := &r.plan.Attacks[i], ""
	if name = attack.Load[stage].Name; name == "" {
		name = fmt.Sprint(stage)
	}
	record.Body().SetStr(fmt.Sprintf("attack %s: stage %s began", attack.Name, name))
	a := record.Attributes()
	a.PutStr(attr.AttackName, attack.Name)
	a.PutInt(attr.StageIndex, int64(stage))
	if attack.Load[stage].Name != "" {
		a.PutStr(attr.StageName, name)
	}
	return logs
}

// RunStop reports the summary: in words, in attributes, and whole as JSON.
func (r *Renderer) RunStop(at time.Time, sum *summary.Summary) (plog.Logs, error) {
	src, err := summaryJSON(sum)
	if err != nil {
		return plog.Logs{}, fmt.Errorf("write the summary into an event: %w", err)
	}
	logs, record := r.record(attr.EventRunStop, at)
	record.Body().SetStr(words(r.run, sum))
	if sum.Error != "" {
		record.SetSeverityNumber(plog.SeverityNumberError)
		record.SetSeverityText("ERROR")
	}
	a := record.Attributes()
	convention.PutRun(a, sum)
	a.PutStr(attr.Summary, src)
	return logs, nil
}

func (r *Renderer) record(name string, at time.Time) (plog.Logs, plog.LogRecord) {
	logs := plog.NewLogs()
	rl := logs.ResourceLogs().AppendEmpty()
	rl.SetSchemaUrl(attr.SchemaURL)
	scope := rl.ScopeLogs().AppendEmpty()
	r.origin.Fill(rl.Resource(), scope.Scope())
	record := scope.LogRecords().AppendEmpty()
	record.SetEventName(name)
	record.SetTimestamp(pcommon.NewTimestampFromTime(at))
	record.SetObservedTimestamp(pcommon.NewTimestampFromTime(at))
	record.SetSeverityNumber(plog.SeverityNumberInfo)
	record.SetSeverityText("INFO")
	record.SetTraceID(r.runTrace)
	record.SetSpanID(r.runSpan)
	record.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
	record.Attributes().PutStr(attr.RunID, r.run)
	record.Attributes().PutStr(attr.PlanName, r.plan.Name)
	return logs, record
}

// words is the summary as a person would put it.
func words(run string, sum *summary.Summary) string {
	n, q := sum.Total.Requests, sum.Total.ResponseTime
	text := fmt.Sprintf("run %s of plan %s %s after %s: %d planned, %d finished (%d ok), %d failed, %d not sent",
		run, sum.Plan, sum.End, rounded(sum.Elapsed), n.Planned, n.Finished, n.OK, n.Failed, n.Unsent())
	if q.Count > 0 {
		text += fmt.Sprintf("; response time p50 %s, p99 %s, max %s", rounded(q.P50), rounded(q.P99), rounded(q.Max))
	}
	if sum.Error != "" {
		text += "; " + sum.Error
	}
	if v := sum.Verdict.Verdict; v != "" {
		text += fmt.Sprintf("; verdict %s: %s", v, sum.Verdict.Cause())
	}
	return text
}

// rounded to three or more significant digits.
func rounded(s summary.Seconds) time.Duration {
	d := s.Duration()
	for unit := time.Second; unit > time.Microsecond; unit /= 1000 {
		if d >= unit {
			return d.Round(unit / 1000 * 10)
		}
	}
	return d
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

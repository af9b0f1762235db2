package convention

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/loadtrace/loadtrace/internal/attr"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/loadgen/verdict"
)

// PutRun puts how a run ended: its end, its counts and the verdict.
func PutRun(a pcommon.Map, sum *summary.Summary) {
	requests := sum.Total.Requests
	a.PutStr(attr.RunEnd, sum.End)
	if sum.StopReason != "" {
		a.PutStr(attr.RunStop, sum.StopReason)
	}
	a.PutInt(attr.RunPlanned, int64(requests.Planned))
	a.PutInt(attr.RunFinished, int64(requests.Finished))
	a.PutInt(attr.RunFailed, int64(requests.Failed))
	a.PutInt(attr.RunNotSent, int64(requests.Unsent()))
	putVerdict(a, &sum.Verdict)
}

func putVerdict(a pcommon.Map, v *verdict.Report) {
	a.PutStr(attr.RunVerdict, string(v.Verdict))
	a.PutInt(attr.RunBreached, int64(v.Breached()))
	if len(v.Reasons) > 0 {
		reasons := a.PutEmptySlice(attr.RunReasons)
		for _, r := range v.Reasons {
			reasons.AppendEmpty().SetStr(r)
		}
	}
	if v.Breached() == 0 {
		return
	}
	names := a.PutEmptySlice(attr.RunCrossed)
	for i := range v.Thresholds {
		if v.Thresholds[i].Outcome == verdict.Breached {
			names.AppendEmpty().SetStr(v.Thresholds[i].Threshold)
		}
	}
}

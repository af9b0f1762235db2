package convert

import (
	"bufio"
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/runs/archive"
	"github.com/loadtrace/loadtrace/runs/foreign"
)

// vegetaColumns are what results are made of.
var vegetaColumns = []string{
	"attack", "intended", "sent", "service_time", "response_time", "outcome", "error_type", "error_message",
	"status", "status_name", "rpc", "request_method", "url_full", "request_body_size", "response_body_size",
}

// exportVegeta writes vegeta's results. Their sequence numbers are not ours: vegeta plot
// wants them to run from 0 without a gap, and the times to grow with them, and draws
// nothing behind the first that does not. Requests that were not sent leave gaps, and
// workers that begin together take their turns in any order.
func exportVegeta(ctx context.Context, w *bufio.Writer, run *archive.Run, o Options, e foreign.Encoding) (Report, error) {
	var report Report
	visit := func(columns []string, do func(*archive.Request) error) error {
		return each(ctx, run, o.Where, columns, func(r *archive.Request) error {
			switch {
			case r.Sent == 0:
				report.NotSent++
			case o.Response && r.Intended == 0:
				report.Unknown++
			default:
				return do(r)
			}
			return nil
		})
	}
	order := &ordering{}
	began := func(r *archive.Request) int64 {
		if o.Response {
			return r.Intended
		}
		return r.Sent
	}
	if err := visit([]string{"attack_index", "sent", "intended"}, func(r *archive.Request) error {
		order.survey(r.AttackIndex, began(r))
		return nil
	}); err != nil {
		return Report{}, err
	}
	report = Report{}
	write := foreign.NewVegeta(w, e)
	put := func(result *foreign.Result) error {
		report.Written++
		return write(result)
	}
	order.ready(put)
	if err := visit(vegetaColumns, func(r *archive.Request) error {
		return order.add(r.AttackIndex, result(r, began(r), o.Response))
	}); err != nil {
		return report, err
	}
	return report, order.rest()
}

// result is a request as vegeta would have written it.
func result(r *archive.Request, began int64, response bool) *foreign.Result {
	out := &foreign.Result{
		Attack:    plaintext.Line(r.Attack),
		Timestamp: time.Unix(0, began).UTC(),
		Latency:   r.ServiceTime,
		BytesOut:  uint64(max(r.BytesSent, 0)),
		BytesIn:   uint64(max(r.BytesReceived, 0)),
		Method:    plaintext.Line(r.Method),
		URL:       plaintext.Line(r.URL),
	}
	if response {
		out.Latency = r.ResponseTime
	}
	if r.Outcome != loadgen.Finished {
		out.Error = plaintext.Line(cmp.Or(r.ErrorMessage, r.ErrorType, "other"))
		return out
	}
	out.Code, out.Error = uint16(r.Status), ""
	if r.RPC {
		out.Code = uint16(httpStatus(r.Status))
	}
	if out.Code < 200 || out.Code >= 400 { // as of vegeta's own results
		out.Error = strconv.Itoa(int(out.Code)) + " " + http.StatusText(int(out.Code))
		if r.RPC {
			out.Error = plaintext.Line(r.StatusName)
		}
	}
	return out
}

// httpStatus is the HTTP status of a gRPC code, as google.rpc.Code has it
// (googleapis/google/rpc/code.proto).
func httpStatus(code int) int {
	statuses := [...]int{200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401}
	if code < 0 || code >= len(statuses) {
		return 500
	}
	return statuses[code]
}

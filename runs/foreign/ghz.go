package foreign

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/loadtrace/loadtrace/loadgen"
)

// GHZ is what a report of ghz says of the run as a whole.
type GHZ struct {
	Name    string
	Call    string // package.Service.Method or package.Service/Method, as ghz was given it
	Host    string
	Plain   bool   // without TLS
	Count   uint64 // calls of the run, of which the report has the first million
	Details uint64 // calls in the report
}

// ghzReport reads a report as a stream: the calls of a long one do not fit in memory.
type ghzReport struct {
	dec   *json.Decoder
	limit *allowance
	sum   GHZ
	calls uint64
}

// options are those of ghz's that say what was called.
type options struct {
	Call     string `json:"call"`
	Host     string `json:"host"`
	Insecure bool   `json:"insecure"`
	Name     string `json:"name"`
}

// detail is one call. Subtle: its timestamp is when the call ended (ghz v0.121,
// runner/stats_handler.go), which its documentation does not say.
type detail struct {
	Timestamp time.Time     `json:"timestamp"`
	Latency   time.Duration `json:"latency"`
	Error     string        `json:"error"`
	Status    string        `json:"status"`
}

// ghzHead reads a report without looking into its calls.
func ghzHead(r io.Reader) (GHZ, error) {
	g := newGHZ(r)
	err := g.read(func(*detail) error { return nil })
	g.sum.Details = g.calls
	return g.sum, err
}

// ghzCalls calls f with all calls of a report, in the order of their ends.
func ghzCalls(r io.Reader, head *GHZ, f func(*Request) error) error {
	g := newGHZ(r)
	method, url := address(head)
	q := Request{}
	return g.read(func(d *detail) error {
		q = Request{
			Attack: head.Name, Seq: g.calls, Sent: d.Timestamp.Add(-d.Latency), Took: d.Latency,
			Method: method, URL: url, RPC: true,
		}
		if err := d.status(&q); err != nil {
			return fault(g.calls, err)
		}
		if err := q.check(); err != nil {
			return fault(g.calls, err)
		}
		return f(&q)
	})
}

func newGHZ(r io.Reader) *ghzReport {
	g := &ghzReport{limit: &allowance{Reader: r}}
	g.limit.renew()
	g.dec = json.NewDecoder(g.limit)
	return g
}

// read walks through the report. A call is read whole before f gets it.
func (g *ghzReport) read(f func(*detail) error) error {
	if err := g.expect('{'); err != nil {
		return err
	}
	for g.dec.More() {
		key, err := g.key()
		if err != nil {
			return err
		}
		switch key {
		case "details":
			err = g.details(f)
		case "options":
			err = g.options()
		case "count":
			err = g.value(&g.sum.Count)
		case "name":
			err = g.value(&g.sum.Name)
		default:
			err = g.value(&skipped{})
		}
		if err != nil {
			return err
		}
	}
	return g.expect('}')
}

func (g *ghzReport) options() error {
	var o options
	err := g.value(&o)
	g.sum.Call, g.sum.Host, g.sum.Plain = cut(o.Call, maxName), cut(o.Host, maxName), o.Insecure
	return err
}

func (g *ghzReport) details(f func(*detail) error) error {
	if err := g.open(); err != nil {
		return err
	}
	for g.dec.More() {
		var d detail
		if err := g.value(&d); err != nil {
			return err
		}
		if err := f(&d); err != nil {
			return err
		}
		g.calls++
	}
	return g.expect(']')
}

// open reads the beginning of the list of calls. A report without any has null, which is
// no list: its error says that there are none.
func (g *ghzReport) open() error {
	t, err := g.dec.Token()
	switch {
	case err != nil:
		return g.fault(err)
	case t == nil:
		return errors.New("its details are null: ghz made no call")
	case t != json.Delim('['):
		return errors.New("its details are no list")
	}
	return nil
}

func (g *ghzReport) expect(d json.Delim) error {
	t, err := g.dec.Token()
	if err != nil {
		return g.fault(err)
	}
	if t != d {
		return fmt.Errorf("it has %v in place of %v", t, d)
	}
	return nil
}

func (g *ghzReport) key() (string, error) {
	g.limit.renew()
	t, err := g.dec.Token()
	if err != nil {
		return "", g.fault(err)
	}
	key, _ := t.(string)
	return key, nil
}

func (g *ghzReport) value(v any) error {
	g.limit.renew()
	if err := g.dec.Decode(v); err != nil {
		return g.fault(err)
	}
	return nil
}

func (g *ghzReport) fault(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fault(g.calls, err)
}

// skipped is a value that is not of interest.
type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

// status is how a call ended. The report does not say whether a status came from the
// service or from the client, so all but those without any count as answered, and those
// whose words are of a connection that failed as not.
func (d *detail) status(q *Request) error {
	code, ok := loadgen.ParseCode(d.Status)
	switch {
	case d.Status == "":
		q.Error, q.ErrorText = kindOf(d.Error), d.Error
		return nil
	case !ok:
		return fmt.Errorf("its status %q is none of gRPC's", cut(d.Status, 40))
	}
	q.Status = code
	q.Answered = !strings.Contains(d.Error, "error while dialing") && !strings.Contains(d.Error, "connection error:")
	if !q.Answered {
		q.Status, q.Error, q.ErrorText = 0, kindOf(d.Error), d.Error
	}
	return nil
}

// address is the method and the URL of a report's calls, as records have them.
func address(head *GHZ) (method, url string) {
	method = head.Call
	if !strings.Contains(method, "/") {
		if i := strings.LastIndexByte(method, '.'); i >= 0 {
			method = method[:i] + "/" + method[i+1:]
		}
	}
	scheme := "grpcs"
	if head.Plain {
		scheme = "grpc"
	}
	if head.Host == "" {
		return method, ""
	}
	return method, scheme + "://" + head.Host + "/" + method
}

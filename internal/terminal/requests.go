package terminal

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// requests lists requests with their trace ids, for a look at their traces.
func (p *printer) requests(title string, requests []summary.Request, several bool) {
	if len(requests) == 0 {
		return
	}
	what, same := p.descriptions(requests, several)
	shorten := p.cutMiddle
	if several {
		shorten = p.cut // the attack's name comes first
	}
	p.gap()
	head := p.paint(bold, title)
	if same {
		head += ", all " + p.cutMiddle(what[0], p.width()-width(title)-6)
	}
	p.line(head)
	results := make([]string, len(requests))
	wide := 6
	for i, r := range requests {
		results[i] = p.result(r)
		wide = max(wide, width(results[i]))
	}
	s := right("response", 10) + right("service", 9) + "  " + left("result", wide) + "  " + left("trace id", 32)
	if p.imported {
		s = right("service", 10) + "  " + left("result", wide)
	}
	if !same {
		s += "  request"
	}
	p.line(p.paint(dim, s))
	for i, r := range requests {
		s := right(p.seconds(r.ResponseTime), 10) + right(p.seconds(r.ServiceTime), 9) + "  " +
			p.paint(resultInk(r), left(results[i], wide)) + "  " + p.trace(&r)
		if p.imported {
			s = right(p.seconds(r.ServiceTime), 10) + "  " + p.paint(resultInk(r), left(results[i], wide))
		}
		if !same {
			s += "  " + shorten(what[i], p.width()-width(s)-2)
		}
		p.line(s)
	}
}

// trace is the id to look for, if there is anything to be found.
func (p *printer) trace(r *summary.Request) string {
	if r.Unsampled {
		return p.paint(dim, left("not sampled", 32))
	}
	return left(p.clean(r.TraceID), 32)
}

// descriptions are the method and path of each request, and whether all are the same.
func (p *printer) descriptions(requests []summary.Request, several bool) (what []string, same bool) {
	same = true
	for _, r := range requests {
		s := p.clean(p.what(r, several))
		if several {
			s = p.clean(r.Attack) + ": " + s
		}
		what = append(what, s)
		same = same && s == what[0]
	}
	return what, same
}

// what a request is of: its method and path, or the method of gRPC, which is both.
// Beside the names of several attacks there is often no room for its service.
func (p *printer) what(r summary.Request, several bool) string {
	if service, method, rpc := strings.Cut(r.Method, "/"); rpc {
		if several && p.width() < 100 {
			return method
		}
		return service + "/" + method
	}
	return r.Method + " " + path(r.URL, p.width() >= 100)
}

// path of a URL, with its query if asked for.
func path(address string, query bool) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	if query {
		return u.RequestURI()
	}
	return cmp.Or(u.EscapedPath(), "/")
}

func (p *printer) result(r summary.Request) string {
	if r.Error != "" {
		return p.clean(string(r.Error))
	}
	return p.clean(statusOf(r))
}

// statusOf is the status as Figures.Status has it.
func statusOf(r summary.Request) string { return cmp.Or(r.Code, strconv.Itoa(r.Status)) }

func resultInk(r summary.Request) ink {
	if r.Error != "" {
		return red
	}
	return statusInk(statusOf(r))
}

// firstOfKind keeps the first request of each kind of failure.
func firstOfKind(failures []summary.Request) []summary.Request {
	seen := map[loadgen.ErrorKind]bool{}
	var out []summary.Request
	for _, r := range failures {
		if !seen[r.Error] {
			seen[r.Error] = true
			out = append(out, r)
		}
	}
	return out
}

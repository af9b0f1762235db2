//go:build stack

package dashboards

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// step of queries over time, and what Grafana would fit to it.
const (
	step         = 5 * time.Second
	rateInterval = 20 * time.Second // four times the interval of points
)

var client = &http.Client{Timeout: 30 * time.Second}

func answers(address string) bool {
	response, err := client.Get(address)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// ask decodes the answer to a GET. Loki needs the header, or each trace id becomes
// a stream of its own; Grafana sends it.
func ask(address string, parameters url.Values, into any) error {
	request, err := http.NewRequest(http.MethodGet, address+"?"+parameters.Encode(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", response.StatusCode, body)
	}
	return json.Unmarshal(body, into)
}

// series is one of an answer, of Prometheus or Loki.
type series struct {
	Metric     map[string]string
	Value      *sample
	Values     []sample
	Histogram  *json.RawMessage
	Histograms []json.RawMessage
}

// sample is a time and a number.
type sample [2]any

func (s sample) number() float64 {
	text, _ := s[1].(string)
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nan
	}
	return n
}

// native says whether the series is of histograms, which a heatmap draws.
func (s *series) native() bool { return len(s.Histograms) > 0 }

// last is the last number.
func (s *series) last() float64 {
	switch {
	case s.Value != nil:
		return s.Value.number()
	case len(s.Values) > 0:
		return s.Values[len(s.Values)-1].number()
	}
	return nan
}

// data says whether the series shows anything.
func (s *series) data() bool {
	if s.Histogram != nil || len(s.Histograms) > 0 {
		return true
	}
	if s.Value != nil && s.Value.number() == s.Value.number() {
		return true
	}
	for _, v := range s.Values {
		if v.number() == v.number() { // is not NaN
			return true
		}
	}
	return false
}

type answer struct{ Data struct{ Result []series } }

func (l *live) instant(expr string, at time.Time) ([]series, error) {
	var a answer
	err := ask(l.prometheus+"/api/v1/query", url.Values{"query": {expr}, "time": {seconds(at)}}, &a)
	return a.Data.Result, err
}

func (l *live) overTime(expr string) ([]series, error) {
	var a answer
	err := ask(l.prometheus+"/api/v1/query_range", url.Values{
		"query": {expr}, "start": {seconds(l.from)}, "end": {seconds(l.until)}, "step": {step.String()},
	}, &a)
	return a.Data.Result, err
}

// exemplars are the labels of those behind an expression.
func (l *live) exemplars(expr string) (out []map[string]string, err error) {
	var a struct {
		Data []struct {
			Exemplars []struct{ Labels map[string]string }
		}
	}
	err = ask(l.prometheus+"/api/v1/query_exemplars", url.Values{
		"query": {expr}, "start": {seconds(l.from)}, "end": {seconds(l.until)},
	}, &a)
	for _, s := range a.Data {
		for _, e := range s.Exemplars {
			out = append(out, e.Labels)
		}
	}
	return out, err
}

// line of a log, with what Loki keeps beside it.
type line struct {
	text   string
	labels map[string]string
}

func (l *live) logLines(expr string) (out []line, err error) {
	var a struct {
		Data struct {
			Result []struct {
				Stream map[string]string
				Values [][]json.RawMessage
			}
		}
	}
	err = ask(l.loki+"/loki/api/v1/query_range", l.window(expr), &a)
	for _, s := range a.Data.Result {
		for _, v := range s.Values {
			entry := line{labels: map[string]string{}}
			var beside struct {
				Metadata map[string]string `json:"structuredMetadata"`
			}
			if json.Unmarshal(v[1], &entry.text) != nil || len(v) > 2 && json.Unmarshal(v[2], &beside) != nil {
				return nil, fmt.Errorf("a line of Loki is not as expected: %s", v)
			}
			for _, labels := range []map[string]string{s.Stream, beside.Metadata} {
				for k, value := range labels {
					entry.labels[k] = value
				}
			}
			out = append(out, entry)
		}
	}
	return out, err
}

func (l *live) window(expr string) url.Values {
	return url.Values{
		"query": {expr}, "start": {nanoseconds(l.from)}, "end": {nanoseconds(l.until)}, "limit": {"1000"},
	}
}

// logFigures is a metric query of Loki.
func (l *live) logFigures(expr string, h how) ([]series, error) {
	var a answer
	if h == atTheEnd {
		err := ask(l.loki+"/loki/api/v1/query", url.Values{"query": {expr}, "time": {nanoseconds(l.until)}}, &a)
		return a.Data.Result, err
	}
	parameters := l.window(expr)
	parameters.Set("step", step.String())
	err := ask(l.loki+"/loki/api/v1/query_range", parameters, &a)
	return a.Data.Result, err
}

// trace as Jaeger's API has it, and Grafana's data source reads it.
type trace struct {
	TraceID   string
	Spans     []span
	Processes map[string]struct {
		ServiceName string
		Tags        []keyed
	}
}

type span struct {
	SpanID, OperationName, ProcessID string
	Duration                         int64 // microseconds
	Tags                             []keyed
}

type keyed struct {
	Key   string
	Value any
}

// tags of a span and its process.
func (t *trace) tags(s span) map[string]string {
	out := map[string]string{}
	for _, tags := range [][]keyed{t.Processes[s.ProcessID].Tags, s.Tags} {
		for _, tag := range tags {
			out[tag.Key] = fmt.Sprint(tag.Value)
		}
	}
	return out
}

// find is the search of Grafana's data source.
func (l *live) find(s search) ([]trace, error) {
	tags := map[string]string{}
	for _, tag := range s.tags {
		key, value, _ := strings.Cut(tag, "=")
		tags[key] = value
	}
	src, err := json.Marshal(tags)
	if err != nil {
		return nil, err
	}
	parameters := url.Values{
		"service": {"loadtrace"}, "tags": {string(src)}, "limit": {"100"},
		"start": {strconv.FormatInt(l.from.UnixMicro(), 10)}, "end": {strconv.FormatInt(l.until.UnixMicro(), 10)},
	}
	if s.slowest != "" {
		parameters.Set("minDuration", s.slowest)
	}
	var a struct{ Data []trace }
	err = ask(l.jaeger+"/api/traces", parameters, &a)
	return a.Data, err
}

func (l *live) trace(id string) (trace, error) {
	var a struct{ Data []trace }
	if err := ask(l.jaeger+"/api/traces/"+id, nil, &a); err != nil {
		return trace{}, err
	}
	if len(a.Data) != 1 {
		return trace{}, fmt.Errorf("%d traces %s", len(a.Data), id)
	}
	return a.Data[0], nil
}

func seconds(t time.Time) string     { return fmt.Sprintf("%.3f", float64(t.UnixMilli())/1000) }
func nanoseconds(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

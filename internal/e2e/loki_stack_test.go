//go:build stack

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// line of a log, as Loki has it.
type line struct {
	at     time.Time
	beside map[string]string // structured metadata
}

// lines of a span of time. It fails if there may be more.
func (p *platform) lines(expr string, from, until time.Time) (out []line, err error) {
	const most = 50_000 // what the stack's Loki allows
	var answer struct {
		Data struct {
			Result []struct{ Values [][]json.RawMessage }
		}
	}
	if _, err := ask(p.loki.url("http")+"/loki/api/v1/query_range", url.Values{
		"query": {expr}, "start": {nanoseconds(from)}, "end": {nanoseconds(until)}, "limit": {strconv.Itoa(most)},
	}, &answer); err != nil {
		return nil, err
	}
	for _, stream := range answer.Data.Result {
		for _, v := range stream.Values {
			l, err := readLine(v)
			if err != nil {
				return nil, fmt.Errorf("a line of Loki is not as expected: %s: %w", v, err)
			}
			out = append(out, l)
		}
	}
	if len(out) >= most {
		return nil, fmt.Errorf("%s: %d lines from %s until %s, so some may be missing", expr, len(out), from, until)
	}
	return out, nil
}

func readLine(v []json.RawMessage) (l line, err error) {
	if len(v) < 3 {
		return l, fmt.Errorf("has %d parts", len(v))
	}
	nanos, err := strconv.ParseInt(strings.Trim(string(v[0]), `"`), 10, 64)
	if err != nil {
		return l, err
	}
	var beside struct {
		Metadata map[string]string `json:"structuredMetadata"`
	}
	err = json.Unmarshal(v[2], &beside)
	return line{at: time.Unix(0, nanos), beside: beside.Metadata}, err
}

// logged reports whether Loki has a line of the service for a request.
func (p *platform) logged(seq int, from, until time.Time) (bool, error) {
	lines, err := p.lines(fmt.Sprintf(`{service_name="auth-service"} | trace_id="%s"`, p.run.TraceID(0, uint64(seq))), from, until)
	return len(lines) > 0, err
}

// loggedTraces are the ids of the traces of the run that have lines of the service,
// with how many.
func (p *platform) loggedTraces(until time.Time) (map[string]int, error) {
	const slice = 2 * time.Second
	of := map[string]int{}
	for from := p.began; from.Before(until); from = from.Add(slice) {
		lines, err := p.lines(`{service_name="auth-service"} | trace_id!=""`, from, from.Add(slice)) // without its end
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if id := l.beside["trace_id"]; strings.HasPrefix(id, p.run.String()) {
				of[id]++
			}
		}
	}
	return of, nil
}

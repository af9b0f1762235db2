//go:build stack

package e2e

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// figure is the one value of a query, 0 if there is none.
func (p *platform) figure(expr string) (float64, error) {
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if _, err := ask(p.prometheus.url("http")+"/api/v1/query", url.Values{"query": {expr}}, &answer); err != nil {
		return 0, err
	}
	switch len(answer.Data.Result) {
	case 0:
		return 0, nil
	case 1:
		text, _ := answer.Data.Result[0].Value[1].(string)
		return strconv.ParseFloat(text, 64)
	}
	return 0, fmt.Errorf("%s: %d series", expr, len(answer.Data.Result))
}

// exemplar names a trace, at the time its request ended.
type exemplar struct {
	trace string
	at    time.Time
}

func (p *platform) exemplars(expr string, from time.Time) (out []exemplar, err error) {
	var answer struct {
		Data []struct {
			Exemplars []struct {
				Labels    map[string]string
				Timestamp float64
			}
		}
	}
	_, err = ask(p.prometheus.url("http")+"/api/v1/query_exemplars", url.Values{
		"query": {expr}, "start": {seconds(from)}, "end": {seconds(time.Now())},
	}, &answer)
	for _, series := range answer.Data {
		for _, e := range series.Exemplars {
			out = append(out, exemplar{e.Labels["trace_id"], time.UnixMilli(int64(e.Timestamp * 1e3))})
		}
	}
	return out, err
}

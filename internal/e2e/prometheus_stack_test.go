//go:build stack

package e2e

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// figures are the values of a query.
func (p *platform) figures(expr string) (out []float64, err error) {
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if _, err := ask(p.prometheus.url("http")+"/api/v1/query", url.Values{"query": {expr}}, &answer); err != nil {
		return nil, err
	}
	for _, series := range answer.Data.Result {
		text, _ := series.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", expr, err)
		}
		out = append(out, v)
	}
	return out, nil
}

// figure is the one value of a query.
func (p *platform) figure(expr string) (float64, error) {
	all, err := p.figures(expr)
	if err == nil && len(all) != 1 {
		err = fmt.Errorf("%s: %d values", expr, len(all))
	}
	if err != nil {
		return 0, err
	}
	return all[0], nil
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

package runtimeexporter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// Forms that a page can be asked for.
const (
	asText     = "text/plain;version=0.0.4"
	asOpen     = "application/openmetrics-text;version=1.0.0"
	asProtobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

// protobuf serves families as they are.
func protobuf(families ...*dto.MetricFamily) http.HandlerFunc {
	var body bytes.Buffer
	for _, f := range families {
		body.Write(delimited(f))
	}
	return typed(asProtobuf, body.String())
}

func delimited(f *dto.MetricFamily) []byte {
	var body bytes.Buffer
	if _, err := protodelim.MarshalTo(&body, f); err != nil {
		panic(err)
	}
	return body.Bytes()
}

func open(body string) http.HandlerFunc { return typed(asOpen, body) }

func typed(kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	}
}

func family(name string, kind dto.MetricType, metrics ...*dto.Metric) *dto.MetricFamily {
	return &dto.MetricFamily{Name: &name, Type: &kind, Metric: metrics}
}

func gauge(v float64, pairs ...string) *dto.Metric {
	return &dto.Metric{Gauge: &dto.Gauge{Value: &v}, Label: labelPairs(pairs)}
}

func labelPairs(pairs []string) (out []*dto.LabelPair) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, &dto.LabelPair{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return out
}

// parsed are the series of a page as Prometheus reads them, sorted: name{labels}
// value. In text, the stricter parser of prometheus/common has to read it, too.
func parsed(t testing.TB, form string, page []byte) (all []string) {
	p := parser(t, form, page)
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err, "%s", page)
		var of promlabels.Labels
		switch entry {
		case textparse.EntrySeries:
			_, _, v := p.Series()
			p.Labels(&of)
			all = append(all, fmt.Sprintf("%s %v", written(of), v))
			var e exemplar.Exemplar
			p.Exemplar(&e)
		case textparse.EntryHistogram:
			_, _, h, fh := p.Histogram()
			p.Labels(&of)
			if h != nil {
				if h.Schema > histogram.ExponentialSchemaMax { // as the scrape loop does
					require.NoError(t, h.ReduceResolution(histogram.ExponentialSchemaMax))
				}
				require.NoError(t, h.Validate())
				all = append(all, fmt.Sprintf("%s native %v", written(of), h))
			} else {
				if fh.Schema > histogram.ExponentialSchemaMax {
					require.NoError(t, fh.ReduceResolution(histogram.ExponentialSchemaMax))
				}
				require.NoError(t, fh.Validate())
			}
		}
	}
	slices.Sort(all)
	return all
}

// parser is Prometheus's own, of a page that the stricter one has read.
func parser(t testing.TB, form string, page []byte) textparse.Parser {
	symbols := promlabels.NewSymbolTable()
	switch form {
	case asText:
		parser := expfmt.NewTextParser(model.UTF8Validation)
		_, err := parser.TextToMetricFamilies(bytes.NewReader(page))
		require.NoError(t, err, "%s", page)
		return textparse.NewPromParser(page, symbols, false)
	case asOpen:
		return textparse.NewOpenMetricsParser(page, symbols)
	case asProtobuf:
		decoder := expfmt.NewDecoder(bytes.NewReader(page), expfmt.NewFormat(expfmt.TypeProtoDelim))
		for {
			err := decoder.Decode(&dto.MetricFamily{})
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
		}
		return textparse.NewProtobufParser(page, false, true, false, false, symbols)
	}
	t.Fatalf("form %q", form)
	return nil
}

// written is a series with its own labels last, as on a page of text.
func written(of promlabels.Labels) string {
	var own, last []string
	of.Range(func(l promlabels.Label) {
		switch pair := fmt.Sprintf("%s=%q", l.Name, l.Value); l.Name {
		case model.MetricNameLabel:
		case model.BucketLabel, model.QuantileLabel:
			last = append(last, pair)
		default:
			own = append(own, pair)
		}
	})
	return of.Get(model.MetricNameLabel) + "{" + strings.Join(append(own, last...), ",") + "}"
}

// healthy is a service with all that one may have: counters, a histogram with
// classic and native buckets and exemplars, a summary, the runtime.
func healthy(t testing.TB) http.HandlerFunc {
	registry := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests."}, []string{"code"})
	durations := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "http_request_duration_seconds", Help: "Durations.",
		Buckets: []float64{0.1, 1}, NativeHistogramBucketFactor: 1.1})
	sizes := prometheus.NewSummary(prometheus.SummaryOpts{Name: "http_response_size_bytes", Help: "Sizes.", Objectives: map[float64]float64{0.5: 0.05}})
	registry.MustRegister(requests, durations, sizes, collectors.NewGoCollector())
	requests.WithLabelValues("200").Add(3)
	durations.(prometheus.ExemplarObserver).ObserveWithExemplar(0.05, prometheus.Labels{"trace_id": "2b9c72011d13ef2c78ddec04c386dd6b"})
	sizes.Observe(100)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}).ServeHTTP
}

func pageFor(t testing.TB, form string, configs ...target.Config) []byte {
	var all []*target.Target
	for _, c := range configs {
		c.Pass, c.Timeout, c.HTTP = regexp.MustCompile("^.*$"), time.Minute, config.DefaultHTTPClientConfig
		one, err := target.New(c)
		require.NoError(t, err)
		defer one.Close()
		all = append(all, one)
	}
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", form)
	response := httptest.NewRecorder()
	newHandler(all, slog.New(slog.DiscardHandler)).ServeHTTP(response, request)
	require.Equal(t, http.StatusOK, response.Code, response.Body)
	return response.Body.Bytes()
}

package runtimeexporter

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/loadtrace/loadtrace/internal/runtimeexporter/exposition"
	"github.com/loadtrace/loadtrace/internal/runtimeexporter/target"
)

// scrapesAtOnce bounds the scrapes under way; further ones are refused with 503.
const scrapesAtOnce = 8

// reserve is kept of the time that Prometheus gives a scrape, to answer in.
const reserve = 200 * time.Millisecond

// handler serves the exporter's pages.
type handler struct {
	targets []*target.Target
	log     *slog.Logger
	slots   chan struct{}
}

func newHandler(targets []*target.Target, log *slog.Logger) http.Handler {
	h := &handler{targets: targets, log: log, slots: make(chan struct{}, scrapesAtOnce)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", h.limited(h.metrics))
	mux.HandleFunc("GET /{$}", h.limited(h.landing))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	return mux
}

func (h *handler) limited(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
			next(w, r)
		default:
			http.Error(w, "too many scrapes at once; scrape less often, or shorten --timeout", http.StatusServiceUnavailable)
		}
	}
}

// ask asks all targets at once.
func (h *handler) ask(ctx context.Context) []target.Answer {
	answers := make([]target.Answer, len(h.targets))
	var wg sync.WaitGroup
	for i, t := range h.targets {
		wg.Go(func() { answers[i] = t.Ask(ctx) })
	}
	wg.Wait()
	return answers
}

func (h *handler) metrics(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := scrapeTime(r)
	defer cancel()
	answers := h.ask(ctx)
	for _, a := range answers {
		for _, f := range a.Faults {
			h.log.Debug("a source gave nothing", "service", a.Target.Service, "target", a.Target.URL(), "source", f.Source, "reason", f.Reason, "error", f.Err)
		}
	}
	format := expfmt.NegotiateIncludingOpenMetrics(r.Header)
	families, err := exposition.Families(answers, format)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h.write(w, format, families)
}

// scrapeTime ends the asking in time for Prometheus, which says how long it
// waits.
func scrapeTime(r *http.Request) (context.Context, context.CancelFunc) {
	seconds, err := strconv.ParseFloat(r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	within := time.Duration(seconds * float64(time.Second))
	if err != nil || !(seconds > 0 && seconds < 3600) {
		return context.WithCancel(r.Context())
	}
	return context.WithTimeout(r.Context(), max(within-reserve, within/2))
}

// write writes the page. What cannot be encoded costs itself only.
func (h *handler) write(w http.ResponseWriter, format expfmt.Format, families []*dto.MetricFamily) {
	var body bytes.Buffer
	encoder := expfmt.NewEncoder(&body, format, expfmt.WithCreatedLines())
	for _, f := range families {
		whole := body.Len()
		err := encoder.Encode(f)
		if err == nil {
			continue
		}
		h.log.Warn("some metrics of a family cannot be encoded; they are left out", "family", f.GetName(), "error", err)
		body.Truncate(whole)
		f.Metric = slices.DeleteFunc(f.Metric, func(m *dto.Metric) bool {
			alone := &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit, Metric: []*dto.Metric{m}}
			return expfmt.NewEncoder(io.Discard, format).Encode(alone) != nil
		})
		if encoder.Encode(f) != nil {
			body.Truncate(whole)
		}
	}
	if c, ok := encoder.(expfmt.Closer); ok {
		if err := c.Close(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", string(format))
	_, _ = w.Write(body.Bytes())
}

var landing = template.Must(template.New("landing").Funcs(template.FuncMap{"join": strings.Join}).Parse(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Go runtime exporter</title>
<style>body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;line-height:1.5}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884;vertical-align:top}</style></head>
<body>
<h1>Go runtime exporter</h1>
<p><a href="/metrics">Metrics</a>. The targets were asked just now:</p>
<table>
<tr><th>service</th><th>target</th><th>state</th><th>read from</th><th>took</th><th>what is missing</th></tr>
{{range .}}<tr><td>{{.Target.Service}}</td><td>{{.Target.URL}}</td><td>{{if .Up}}up{{else}}down{{end}}</td>
<td>{{join .Sources ", "}}</td><td>{{.Took}}</td><td>{{range .Faults}}{{if .Absent}}(no fault) {{end}}{{.Source}}: {{.Reason}}. {{.Err}}<br>{{end}}</td></tr>
{{end}}</table>
</body>
</html>
`))

func (h *handler) landing(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	if err := landing.Execute(&body, h.ask(r.Context())); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(body.Bytes())
}

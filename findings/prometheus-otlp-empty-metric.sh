#!/usr/bin/env bash
# Prometheus v0.314.0 (3.14): one metric without points costs the whole OTLP payload.
#
# A metric that has no data points is valid OTLP: an SDK or a processor that drops points
# leaves such metrics behind. The error of Prometheus' OTLP receiver for one says that the
# metric "is dropped". What is dropped is the payload: nothing of it is committed, and the
# answer is 500. OTLP over HTTP takes 500 for permanent (429, 502, 503 and 504 are to be
# tried again), so that the sender drops it too, with the good metrics of all other
# instances that were in it.
#
# Seen: 200 and one sample kept without the empty histogram; 500 and none with it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'MOD'
module finding

go 1.26.0

require (
	github.com/prometheus/client_golang v1.25.0
	github.com/prometheus/prometheus v0.314.0
	go.opentelemetry.io/collector/pdata v1.64.0
)
MOD
cat > main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
)

// counting is a storage that counts what is committed.
type counting struct{ pending, kept int }

func (c *counting) AppenderV2(context.Context) storage.AppenderV2 { c.pending = 0; return c }
func (c *counting) Append(storage.SeriesRef, labels.Labels, int64, int64, float64, *histogram.Histogram, *histogram.FloatHistogram, storage.AppendV2Options) (storage.SeriesRef, error) {
	c.pending++
	return 1, nil
}
func (c *counting) Commit() error   { c.kept += c.pending; return nil }
func (c *counting) Rollback() error { return nil }

// payload has a gauge with a point, and, if wanted, a histogram without points.
func payload(empty bool) []byte {
	md := pmetric.NewMetrics()
	ms := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	m := ms.AppendEmpty()
	m.SetName("good")
	p := m.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	p.SetDoubleValue(1)
	if empty {
		m = ms.AppendEmpty()
		m.SetName("empty")
		m.SetEmptyHistogram().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	}
	raw, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	if err != nil {
		log.Fatal(err)
	}
	return raw
}

func main() {
	failed := false
	for _, c := range []struct {
		empty        bool
		status, kept int
	}{{false, 200, 1}, {true, 500, 0}} {
		db := &counting{}
		h := remote.NewOTLPWriteHandler(slog.New(slog.NewTextHandler(io.Discard, nil)), prometheus.NewRegistry(), db,
			func() config.Config { return config.DefaultConfig }, remote.OTLPOptions{})
		r := httptest.NewRequest(http.MethodPost, "/api/v1/otlp/v1/metrics", bytes.NewReader(payload(c.empty)))
		r.Header.Set("Content-Type", "application/x-protobuf")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("a metric without points: %t: status %d, samples kept %d %s\n", c.empty, w.Code, db.kept, bytes.TrimSpace(w.Body.Bytes()))
		failed = failed || w.Code != c.status || db.kept != c.kept
	}
	if failed {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
GOFLAGS=-mod=mod go run .

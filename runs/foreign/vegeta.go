package foreign

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/gob"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Result is a result in vegeta's own form (vegeta v12, lib/results.go). Its name, and the
// names and order of its fields, are part of the gob encoding.
type Result struct {
	Attack    string        `json:"attack"`
	Seq       uint64        `json:"seq"`
	Code      uint16        `json:"code"`
	Timestamp time.Time     `json:"timestamp"`
	Latency   time.Duration `json:"latency"`
	BytesOut  uint64        `json:"bytes_out"`
	BytesIn   uint64        `json:"bytes_in"`
	Error     string        `json:"error"`
	Body      []byte        `json:"body"`
	Method    string        `json:"method"`
	URL       string        `json:"url"`
	Headers   http.Header   `json:"headers"`
}

// Encoding is one of vegeta's.
type Encoding string

// Encodings of vegeta's results. vegeta's commands recognize each by itself.
const (
	Gob  Encoding = "gob"
	JSON Encoding = "json"
	CSV  Encoding = "csv"
)

// NewVegeta returns a function that writes results to w, which should be buffered.
func NewVegeta(w io.Writer, e Encoding) func(*Result) error {
	switch e {
	case JSON:
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return func(r *Result) error { return enc.Encode(r) }
	case CSV:
		enc := csv.NewWriter(w)
		return func(r *Result) error {
			if err := enc.Write(columns(r)); err != nil {
				return err
			}
			enc.Flush()
			return enc.Error()
		}
	}
	enc := gob.NewEncoder(w)
	return func(r *Result) error { return enc.Encode(r) }
}

// columns are the twelve of vegeta's CSV. Of the headers there are none.
func columns(r *Result) []string {
	return []string{
		strconv.FormatInt(r.Timestamp.UnixNano(), 10),
		strconv.FormatUint(uint64(r.Code), 10),
		strconv.FormatInt(r.Latency.Nanoseconds(), 10),
		strconv.FormatUint(r.BytesOut, 10),
		strconv.FormatUint(r.BytesIn, 10),
		r.Error,
		base64.StdEncoding.EncodeToString(r.Body),
		r.Attack,
		strconv.FormatUint(r.Seq, 10),
		r.Method,
		r.URL,
		"",
	}
}

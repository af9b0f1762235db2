package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/loadgen"
)

// encodings are vegeta's own.
var encodings = map[Encoding]struct {
	encoder func(*bytes.Buffer) vegeta.Encoder
	decoder func(*bytes.Buffer) vegeta.Decoder
}{
	Gob: {func(b *bytes.Buffer) vegeta.Encoder { return vegeta.NewEncoder(b) }, func(b *bytes.Buffer) vegeta.Decoder { return vegeta.NewDecoder(b) }},
	JSON: {func(b *bytes.Buffer) vegeta.Encoder { return vegeta.NewJSONEncoder(b) },
		func(b *bytes.Buffer) vegeta.Decoder { return vegeta.NewJSONDecoder(b) }},
	CSV: {func(b *bytes.Buffer) vegeta.Encoder { return vegeta.NewCSVEncoder(b) }, func(b *bytes.Buffer) vegeta.Decoder { return vegeta.NewCSVDecoder(b) }},
}

var noon = time.Date(2026, 1, 31, 12, 0, 0, 123456789, time.UTC)

// vegetas are results as vegeta has them: with bodies, headers and errors.
func vegetas() []vegeta.Result {
	return []vegeta.Result{
		{Attack: "a", Seq: 0, Code: 200, Timestamp: noon, Latency: 12345678, BytesOut: 3, BytesIn: 7, Body: []byte("seven\n\""), Method: "GET",
			URL: "http://h/x?a=1", Headers: http.Header{"Content-Type": {"text/plain"}, "X": {"1", "2"}}},
		{Attack: "a", Seq: 1, Code: 503, Timestamp: noon.Add(time.Millisecond), Latency: 1, Error: "503 Service Unavailable", Method: "POST", URL: "http://h/y"},
		{Attack: "a", Seq: 2, Timestamp: noon.Add(2 * time.Millisecond), Latency: time.Second,
			Error: "Get \"http://h/z\": dial tcp 127.0.0.1:1: connect: connection refused\nmore, \"quoted\"", Method: "GET", URL: "http://u:secret@h/z"},
	}
}

func written(t *testing.T, e Encoding) []byte {
	var out bytes.Buffer
	encode := encodings[e].encoder(&out)
	for _, r := range vegetas() {
		require.NoError(t, encode(&r))
	}
	return out.Bytes()
}

func read(src []byte) (requests []Request, f *File, err error) {
	if f, err = Open(bytes.NewReader(src)); err != nil {
		return nil, nil, err
	}
	err = f.Each(func(r *Request) error {
		requests = append(requests, *r)
		return nil
	})
	return requests, f, err
}

func TestResultsOfVegetaAreReadInEachEncoding(t *testing.T) {
	for e := range encodings {
		got, f, err := read(written(t, e))
		require.NoError(t, err, e)
		assert.Equal(t, "vegeta", f.Tool)
		assert.Equal(t, string(e), f.Format)
		require.Len(t, got, 3, e)
		for i := range got {
			got[i].Sent = got[i].Sent.UTC()
		}
		assert.Equal(t, Request{Attack: "a", Sent: noon, Took: 12345678, Method: "GET", URL: "http://h/x?a=1", Answered: true, Status: 200,
			BytesSent: 3, BytesReceived: 7}, got[0], e)
		assert.Equal(t, Request{Attack: "a", Seq: 1, Sent: noon.Add(time.Millisecond), Took: 1, Method: "POST", URL: "http://h/y",
			Answered: true, Status: 503}, got[1], e)
		assert.Equal(t, loadgen.ErrorRefused, got[2].Error, e)
		assert.Contains(t, got[2].ErrorText, "\nmore, \"quoted\"", e)
		assert.Equal(t, "http://h/z", got[2].URL, "user information stays out")
		assert.False(t, got[2].Answered)
	}
}

func TestVegetaReadsWhatIsWritten(t *testing.T) {
	for e, of := range encodings {
		var out bytes.Buffer
		write := NewVegeta(&out, e)
		for _, r := range vegetas() {
			r.Headers = nil
			require.NoError(t, write((*Result)(&r)))
		}
		text := bytes.Clone(out.Bytes())
		require.NotNil(t, vegeta.DecoderFor(bytes.NewReader(text)), "vegeta does not recognize %s", e)
		decode := of.decoder(&out)
		for _, want := range vegetas() {
			want.Headers = nil
			var got vegeta.Result
			require.NoError(t, decode(&got), e)
			assert.True(t, want.Equal(got), "%s: %v is not %v", e, got, want)
		}
		require.Error(t, decode(&vegeta.Result{}))
	}
}

// A difference of a byte is one that only this version of vegeta may forgive.
func TestWhatIsWrittenIsVegetasToTheByte(t *testing.T) {
	for e := range encodings {
		var ours, theirs bytes.Buffer
		write, encode := NewVegeta(&ours, e), encodings[e].encoder(&theirs)
		for _, r := range vegetas() {
			r.Headers = nil
			require.NoError(t, encode(&r))
			require.NoError(t, write((*Result)(&r)))
		}
		if e == Gob { // it numbers types in the order in which a process meets them
			continue
		}
		assert.Equal(t, theirs.String(), ours.String())
	}
}

func TestATruncatedFileIsReadToWhereItEnds(t *testing.T) {
	for e := range encodings {
		src := written(t, e)
		got, _, err := read(src[:len(src)-60])
		var fault *Fault
		require.ErrorAs(t, err, &fault, "%s", e)
		assert.True(t, fault.Truncated, "%s: %v", e, err)
		assert.Equal(t, uint64(3), fault.Request)
		assert.Len(t, got, 2, e)
	}
}

func TestAResultThatCannotBeIsRefused(t *testing.T) {
	for want, change := range map[string]func(*vegeta.Result){
		"its latency of -1ns is negative":            func(r *vegeta.Result) { r.Latency = -1 },
		"is not between 1970 and 2262":               func(r *vegeta.Result) { r.Timestamp = time.Time{} },
		"is too long":                                func(r *vegeta.Result) { r.Latency = math.MaxInt64 },
		"its number of bytes is too large":           func(r *vegeta.Result) { r.BytesIn = math.MaxUint64 },
		"its status 1000 has more than three digits": func(r *vegeta.Result) { r.Code = 1000 },
	} {
		var out bytes.Buffer
		encode := vegeta.NewEncoder(&out)
		good := vegetas()[0]
		bad := good
		change(&bad)
		require.NoError(t, encode(&good))
		require.NoError(t, encode(&bad))
		_, _, err := read(out.Bytes())
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "request 2: ")
	}
}

func TestACSVWithOtherCellsIsRefused(t *testing.T) {
	row := strings.TrimSpace(string(written(t, CSV)[:bytes.IndexByte(written(t, CSV), '\n')]))
	for want, line := range map[string]string{
		"column 9, its sequence number": strings.Replace(row, ",a,0,", ",a,x,", 1),
		"column 3, its latency":         strings.Replace(row, ",12345678,", ",99999999999999999999,", 1),
		"wrong number of fields":        row + ",more",
	} {
		_, _, err := read([]byte(row + "\n" + line + "\n" + row + "\n"))
		assert.ErrorContains(t, err, want, line)
	}
}

func TestTextsOfARequestAreBounded(t *testing.T) {
	long := strings.Repeat("é", 20_000) + "\xff\x1b[31m"
	var out bytes.Buffer
	require.NoError(t, vegeta.NewEncoder(&out)(&vegeta.Result{Attack: long, Timestamp: noon, Error: long, Method: long, URL: long}))
	got, _, err := read(out.Bytes())
	require.NoError(t, err)
	assert.LessOrEqual(t, len(got[0].Attack)+len(got[0].Method), 2*maxName)
	assert.LessOrEqual(t, len(got[0].URL), maxURL)
	assert.LessOrEqual(t, len(got[0].ErrorText), loadgen.MaxErrorText)
}

// endless is a file whose one value does not end.
type endless struct{ at int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if e.at == 0 {
		copy(p, `{"attack":"`)
	}
	e.at += int64(len(p))
	if e.at > 4*maxValue {
		return 0, errors.New("read on and on")
	}
	return len(p), nil
}

func (e *endless) Seek(int64, int) (int64, error) { e.at = 0; return 0, nil }

func TestAValueWithoutEndIsGivenUp(t *testing.T) {
	f, err := Open(&endless{})
	require.NoError(t, err)
	err = f.Each(func(*Request) error { return nil })
	require.EqualError(t, err, fmt.Sprintf("request 1: it is longer than %d MiB", maxValue>>20))
}

func TestFilesThatAreSomethingElseAreNamed(t *testing.T) {
	for src, want := range map[string]string{
		"":                                 "it is empty",
		"\x1f\x8b\x08":                     "gzip",
		"PAR1....":                         "an archived run is named by its id",
		"duration (ms),status,error\n1":    "ghz --format json",
		`{"run_id": "x"}`:                  "loadtrace compare takes it as it is",
		`{"metrics": {}}`:                  "k6's summary",
		`{"latencies": {}}`:                "report of vegeta's",
		`{"what": 1}`:                      `its first key is "what"`,
		`{`:                                "its first key is",
		"hello, world":                     "neither vegeta's results",
		"\x00\x01\x02":                     "neither vegeta's results",
		strings.Repeat("\xff", 10_000):     "neither vegeta's results",
		"attacks:\n- http: {url: http://}": "neither vegeta's results",
	} {
		_, err := Open(strings.NewReader(src))
		require.ErrorContains(t, err, want, src)
	}
}

func FuzzOpen(f *testing.F) {
	for e := range encodings {
		var out bytes.Buffer
		encode := encodings[e].encoder(&out)
		for _, r := range vegetas() {
			if err := encode(&r); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(out.Bytes())
	}
	f.Add([]byte(`{"date":"x","count":1,"options":{"call":"a.B.C"},"details":[{"timestamp":"2026-01-31T12:00:00Z","latency":1,"status":"OK","error":""}]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		requests, _, _ := read(src)
		for _, r := range requests {
			if r.Took < 0 || r.Sent.Before(first) || r.Answered == (r.Error != "") {
				t.Fatalf("%+v", r)
			}
		}
	})
}

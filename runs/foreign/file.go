package foreign

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// File is a file of results, whose format Open has recognized.
type File struct {
	// Tool is vegeta or ghz; Format is its encoding: gob, json or csv.
	Tool, Format string
	// GHZ is what a report of ghz's says of the run; nil of vegeta's results.
	GHZ *GHZ

	src io.ReadSeeker
}

// Open recognizes a file by its beginning. An error says what the file is instead, if
// that is known.
func Open(src io.ReadSeeker) (*File, error) {
	f := &File{src: src}
	head, err := f.head()
	if err != nil {
		return nil, err
	}
	if err := f.recognize(head); err != nil {
		return nil, err
	}
	if f.Tool != "ghz" {
		return f, nil
	}
	if err := f.rewind(); err != nil {
		return nil, err
	}
	sum, err := ghzHead(bufio.NewReaderSize(src, readSize))
	f.GHZ = &sum
	if cut, ok := errors.AsType[*Fault](err); ok && cut.Truncated {
		return f, nil // Each will find the same
	}
	return f, err
}

const readSize = 256 << 10 // bytes

// head is the beginning of the file, as much as it takes to recognize it.
func (f *File) head() ([]byte, error) {
	if err := f.rewind(); err != nil {
		return nil, err
	}
	head := make([]byte, 4096)
	n, err := io.ReadFull(f.src, head)
	if n == 0 && err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty")
		}
		return nil, err
	}
	return head[:n], nil
}

func (f *File) rewind() error {
	_, err := f.src.Seek(0, io.SeekStart)
	return err
}

// Each calls do with every request of the file, from its beginning. The request is
// overwritten by the next. An error of do ends it and is returned as it is; one of the
// file is a *Fault.
func (f *File) Each(do func(*Request) error) error {
	if err := f.rewind(); err != nil {
		return err
	}
	r := bufio.NewReaderSize(f.src, readSize)
	if f.Tool == "ghz" {
		return ghzCalls(r, f.GHZ, do)
	}
	return vegetaResults(r, Encoding(f.Format), do)
}

// beginnings of files that are something else.
var beginnings = []struct{ bytes, what string }{
	{"\x1f\x8b", "it is compressed with gzip: decompress it first, as with gunzip"},
	{"\x28\xb5\x2f\xfd", "it is compressed with zstd: decompress it first, as with unzstd"},
	{"PK\x03\x04", "it is a zip archive: extract it first"},
	{"PAR1", "it is a Parquet file: an archived run is named by its id or its folder, and needs no import"},
	{"duration (ms),", "it is ghz's CSV, which does not say when a call was made: write it with ghz --format json"},
	{"metric_name,timestamp", "it is k6's CSV, which cannot be imported; only vegeta's and ghz's results can"},
}

// recognize finds the format of a file. Gob has no beginning of its own: the names of the
// type and of a field are in the description of the type, which comes first.
func (f *File) recognize(head []byte) error {
	text := strings.TrimLeft(string(head), " \t\r\n")
	for _, b := range beginnings {
		if strings.HasPrefix(string(head), b.bytes) {
			return errors.New(b.what)
		}
	}
	switch {
	case strings.HasPrefix(text, "{"):
		return f.recognizeJSON(text)
	case vegetaCSV(text):
		f.Tool, f.Format = "vegeta", string(CSV)
		return nil
	}
	if !strings.Contains(string(head), "\x06Result\x01") || !strings.Contains(string(head), "\x09Timestamp\x01") {
		return errors.New("it is neither vegeta's results (gob, JSON, CSV) nor ghz's report (JSON)")
	}
	f.Tool, f.Format = "vegeta", string(Gob)
	return nil
}

// Keys that objects of JSON begin with.
var (
	vegetaKeys = []string{"attack", "seq", "code", "timestamp", "latency", "bytes_out", "bytes_in", "error", "body", "method", "url", "headers"}
	ghzKeys    = []string{"date", "name", "endReason", "options", "count", "total", "average", "fastest", "slowest", "rps",
		"errorDistribution", "statusCodeDistribution", "latencyDistribution", "histogram", "details", "tags"}
)

// otherJSON is what other objects are.
var otherJSON = map[string]string{
	"run_id":     "it is a summary of loadtrace run --json: loadtrace compare takes it as it is",
	"metrics":    "it is k6's summary, which has no requests: it cannot be imported",
	"root_group": "it is k6's summary, which has no requests: it cannot be imported",
	"type":       "it is k6's stream of points, which cannot be imported; only vegeta's and ghz's results can",
	"latencies":  "it is a report of vegeta's, which has no requests: import the results that vegeta attack wrote",
}

// recognizeJSON goes by the first key, as the whole object may be long.
func (f *File) recognizeJSON(text string) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.Token()
	key, _ := dec.Token()
	name, _ := key.(string)
	switch {
	case slices.Contains(vegetaKeys, name):
		f.Tool, f.Format = "vegeta", string(JSON)
		return nil
	case slices.Contains(ghzKeys, name):
		f.Tool, f.Format = "ghz", string(JSON)
		return nil
	}
	if what := otherJSON[name]; what != "" {
		return errors.New(what)
	}
	return fmt.Errorf("it is JSON, but neither vegeta's results nor ghz's report: its first key is %q", cut(name, 40))
}

// vegetaCSV reports whether a text begins as vegeta's CSV does: with a time in
// nanoseconds, a status and a latency.
func vegetaCSV(text string) bool {
	columns := strings.SplitN(text, ",", 4)
	if len(columns) < 4 {
		return false
	}
	for _, c := range columns[:3] {
		if strings.Trim(c, "-0123456789") != "" || c == "" {
			return false
		}
	}
	return true
}

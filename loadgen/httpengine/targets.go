package httpengine

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// readRequests makes the requests of an attack ready: the one it names, or
// those of its targets file.
func readRequests(spec *loadgen.HTTP, baggage string) ([]*request, error) {
	body, err := readBody(spec)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for k, v := range spec.Headers {
		header.Set(k, v)
	}
	if spec.Targets != nil {
		return readFile(spec.Targets, body, header, baggage)
	}
	r, err := newRequest(&vegeta.Target{Method: spec.Method, URL: spec.URL, Body: body, Header: header}, baggage)
	if err != nil {
		return nil, &pace.KeyError{Key: "http", What: err.Error()}
	}
	return []*request{r}, nil
}

func readBody(spec *loadgen.HTTP) ([]byte, error) {
	if spec.BodyFile == "" {
		return []byte(spec.Body), nil
	}
	body, err := os.ReadFile(spec.BodyFile)
	if err != nil {
		return nil, &pace.KeyError{Key: "http.body_file", What: err.Error(), Fix: "name a file that can be read"}
	}
	return body, nil
}

func readFile(spec *loadgen.Targets, body []byte, header http.Header, baggage string) ([]*request, error) {
	f, err := os.Open(spec.File)
	if err != nil {
		return nil, &pace.KeyError{Key: "http.targets.file", What: err.Error(), Fix: "name a file that can be read"}
	}
	defer f.Close()
	requests, err := readTargets(f, filepath.Dir(spec.File), spec.Format, body, header, baggage)
	if err != nil {
		return nil, &pace.KeyError{Key: "http.targets.file", What: spec.File + ": " + err.Error()}
	}
	return requests, nil
}

// readTargets reads all targets of src with vegeta's reader. Body files are
// named relative to dir. An error names the line.
func readTargets(src io.Reader, dir string, format loadgen.TargetsFormat, body []byte, header http.Header, baggage string) ([]*request, error) {
	lines := &lineReader{src: bufio.NewReader(src), dir: dir, text: format != loadgen.TargetsJSON}
	next := vegeta.NewHTTPTargeter(lines, body, header)
	if format == loadgen.TargetsJSON {
		next = vegeta.NewJSONTargeter(lines, body, header)
	}
	var requests []*request
	for {
		var t vegeta.Target
		err := next(&t)
		if errors.Is(err, vegeta.ErrNoTargets) {
			break
		}
		if err == nil {
			var r *request
			if r, err = newRequest(&t, baggage); err == nil {
				r.line = lines.n
				requests = append(requests, r)
				continue
			}
		}
		if lines.err != nil {
			err = lines.err
		}
		return nil, fmt.Errorf("line %d: %w", lines.n, err)
	}
	switch {
	case lines.err != nil:
		return nil, fmt.Errorf("line %d: %w", lines.n, lines.err)
	case len(requests) == 0:
		return nil, errors.New("no targets; write one such as GET http://127.0.0.1:8080/")
	}
	return requests, nil
}

// lineReader gives one line for each Read, so that it is known how far vegeta's
// reader, which looks one line ahead, has come. It makes the names of body
// files relative to the targets file.
type lineReader struct {
	src  *bufio.Reader
	dir  string
	text bool // http format: lines are bounded, and one that begins with @ names a body file
	n    int  // lines begun
	rest []byte
	err  error
}

func (l *lineReader) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if err := l.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *lineReader) next() error {
	line, err := l.src.ReadBytes('\n')
	if len(line) == 0 {
		if err != io.EOF {
			l.err = err
		}
		return err
	}
	l.n++
	if l.text && len(line) > bufio.MaxScanTokenSize {
		l.err = fmt.Errorf("longer than %d bytes; put the body into a file and write @file", bufio.MaxScanTokenSize)
		return l.err
	}
	if line[len(line)-1] != '\n' {
		line = append(line, '\n') // vegeta's JSON reader drops a last line without its end
	}
	if trimmed := bytes.TrimSpace(line); l.text && bytes.HasPrefix(trimmed, []byte("@")) {
		if name := string(trimmed[1:]); !filepath.IsAbs(name) {
			line = []byte("@" + filepath.Join(l.dir, name) + "\n")
		}
	}
	l.rest = line
	return nil
}

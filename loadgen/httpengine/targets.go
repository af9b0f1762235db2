package httpengine

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/targets"
)

// readRequests makes the requests of an attack ready: the one it names, or
// those of its targets file. Faults are *pace.KeyError values, joined.
func readRequests(spec *loadgen.HTTP, baggage string) ([]*request, error) {
	p, err := newPreset(spec, baggage)
	if err != nil {
		return nil, err
	}
	if spec.Targets != nil {
		return readFile(spec, p)
	}
	u, fault := targets.ParseURL(spec.URL)
	if fault != nil {
		return nil, keyError("http.url", fault)
	}
	if fault := targets.CheckMethod(spec.Method); fault != nil {
		return nil, keyError("http.method", fault)
	}
	return []*request{newRequest(&targets.Target{Method: spec.Method, URL: u}, p)}, nil
}

// preset is what a plan gives to requests that do not have it themselves.
type preset struct {
	header  http.Header // names in their canonical form
	body    []byte
	baggage string // of the run; it joins what a request has
}

func newPreset(spec *loadgen.HTTP, baggage string) (preset, error) {
	p := preset{header: http.Header{}, baggage: baggage}
	var faults []error
	for name, value := range spec.Headers {
		if fault := targets.CheckHeader(name, value); fault != nil {
			faults = append(faults, keyError("http.headers."+name, fault))
		}
		p.header.Set(name, textproto.TrimString(value))
	}
	body, err := readBody(spec)
	p.body = body
	return p, errors.Join(append(faults, err)...)
}

func keyError(key string, fault *targets.Fault) *pace.KeyError {
	return &pace.KeyError{Key: key, What: fault.What, Fix: fault.Fix}
}

func readBody(spec *loadgen.HTTP) ([]byte, error) {
	if spec.BodyFile == "" {
		return []byte(spec.Body), nil
	}
	body, err := os.ReadFile(spec.BodyFile)
	if err != nil {
		return nil, &pace.KeyError{Key: "http.body_file", What: err.Error(), Fix: "name a file that can be read"}
	}
	if fault := targets.CheckBody(body); fault != nil && !spec.Literal {
		return nil, keyError("http.body_file", fault)
	}
	return body, nil
}

// readFile makes the targets of a file ready. Each fault names the file and the
// line.
func readFile(spec *loadgen.HTTP, p preset) ([]*request, error) {
	const key = "http.targets.file"
	name := spec.Targets.File
	f, err := os.Open(name)
	if err != nil {
		return nil, &pace.KeyError{Key: key, What: err.Error(), Fix: "name a file that can be read"}
	}
	defer f.Close()
	list, err := targets.Read(f, targets.Options{Format: spec.Targets.Format, Dir: filepath.Dir(name), Literal: spec.Literal})
	if err != nil {
		return nil, inFile(key, name, err)
	}
	requests := make([]*request, len(list))
	for i := range list {
		requests[i] = newRequest(&list[i], p)
	}
	return requests, nil
}

// inFile puts the name of a file before its faults.
func inFile(key, name string, err error) error {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for i, err := range list {
		k := &pace.KeyError{Key: key, What: name + ": " + err.Error()}
		var fault *targets.Fault
		if errors.As(err, &fault) {
			k.What, k.Fix = name+": "+fault.What, fault.Fix
			if fault.Line > 0 {
				k.What = fmt.Sprintf("%s:%d: %s", name, fault.Line, fault.What)
			}
		}
		list[i] = k
	}
	return errors.Join(list...)
}

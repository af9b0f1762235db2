package httpengine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"path/filepath"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/targets"
)

// readRequests makes the requests of an attack ready: the one it names, or
// those of its targets file. Faults are *pace.KeyError values, joined.
func readRequests(ctx context.Context, spec *loadgen.HTTP, baggage string) ([]*request, error) {
	p, err := newPreset(ctx, spec, baggage)
	if err != nil {
		return nil, err
	}
	if spec.Targets != nil {
		return readFile(ctx, spec, p)
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

func newPreset(ctx context.Context, spec *loadgen.HTTP, baggage string) (preset, error) {
	p := preset{header: http.Header{}, baggage: baggage}
	var faults []error
	for name, value := range spec.Headers {
		if fault := targets.CheckHeader(name, value); fault != nil {
			faults = append(faults, keyError("http.headers."+name, fault))
		}
		p.header.Set(name, textproto.TrimString(value))
	}
	body, err := readBody(ctx, spec)
	p.body = body
	return p, errors.Join(append(faults, err)...)
}

func keyError(key string, fault *targets.Fault) *pace.KeyError {
	return &pace.KeyError{Key: key, What: fault.What, Fix: fault.Fix}
}

func readBody(ctx context.Context, spec *loadgen.HTTP) ([]byte, error) {
	if spec.BodyFile == "" {
		return []byte(spec.Body), nil
	}
	body, err := infile.Read(ctx, spec.BodyFile, infile.MaxBody)
	if err != nil {
		return nil, &pace.KeyError{Key: "http.body_file", What: err.Error(), Fix: infile.Advice(err)}
	}
	if fault := targets.CheckBody(body); fault != nil && !spec.Literal {
		return nil, keyError("http.body_file", fault)
	}
	return body, nil
}

// readFile makes the targets of a file ready. Each fault names the file and the
// line.
func readFile(ctx context.Context, spec *loadgen.HTTP, p preset) ([]*request, error) {
	const key = "http.targets.file"
	name := spec.Targets.File
	text, err := infile.Read(ctx, name, infile.MaxTargets)
	if err != nil {
		fix := infile.Advice(err)
		if _, long := errors.AsType[*infile.TooLong](err); long {
			fix = "split it, and give each part an attack"
		}
		return nil, &pace.KeyError{Key: key, What: err.Error(), Fix: fix}
	}
	list, err := targets.Read(bytes.NewReader(text), targets.Options{
		Format: spec.Targets.Format, Dir: filepath.Dir(name), Literal: spec.Literal, Context: ctx,
	})
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

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/loadtrace/loadtrace/internal/badinput"
)

// otlpHeaders are the headers of --otlp as they are given. What stands on a command line
// is seen by all users of the machine, so that a value may be that of an environment
// variable, or stand in a file.
type otlpHeaders struct {
	given []string // key=value
	file  string   // with one of them on each line
}

// headerVariable is ${env:NAME}, as in a plan.
var headerVariable = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}`)

// read returns the headers. Those of the command line replace those of the file. Errors
// show no value. A file that is a pipe is waited for as long as ctx lasts.
func (h *otlpHeaders) read(ctx context.Context) (map[string]string, error) {
	headers := map[string]string{}
	var faults []error
	add := func(where, line string) {
		if err := addHeader(headers, line); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", where, err))
		}
	}
	if h.file != "" {
		text, err := readHeaderFile(ctx, h.file)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			return nil, badinput.Error(fmt.Errorf("--otlp-header-file: %w", err))
		}
		for i, line := range strings.Split(text, "\n") {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				add(fmt.Sprintf("--otlp-header-file: %s:%d", h.file, i+1), line)
			}
		}
	}
	for i, line := range h.given {
		where := "--otlp-header"
		if len(h.given) > 1 {
			where = fmt.Sprintf("--otlp-header, number %d", i+1)
		}
		add(where, line)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, badinput.Error(err)
	}
	return headers, nil
}

// addHeader adds one of key=value.
func addHeader(headers map[string]string, line string) error {
	key, value, ok := strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	if !ok || !httpguts.ValidHeaderFieldName(key) {
		return errors.New("is not key=value; write one such as x-api-key=${env:API_KEY}")
	}
	value, err := expandHeader(value)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", key, err)
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("%s: has characters that no header may have; write text on one line", key)
	}
	maps.DeleteFunc(headers, func(name, _ string) bool { return strings.EqualFold(name, key) })
	headers[key] = value
	return nil
}

// expandHeader replaces variables in a value. What one holds is not looked through again.
func expandHeader(value string) (string, error) {
	var fault error
	value = headerVariable.ReplaceAllStringFunc(value, func(v string) string {
		name := headerVariable.FindStringSubmatch(v)[1]
		of, ok := os.LookupEnv(name)
		if !ok && fault == nil {
			fault = fmt.Errorf("environment variable %s is not set", name)
		}
		return strings.TrimRight(of, "\r\n")
	})
	return value, fault
}

func readHeaderFile(ctx context.Context, path string) (string, error) {
	type result struct {
		text []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := readFile(path, maxHeaderFile)
		read <- result{text, err}
	}()
	select {
	case r := <-read:
		return string(r.text), r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

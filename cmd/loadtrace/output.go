package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/loadgen/summary"
	"github.com/loadtrace/loadtrace/runs/report"
)

// output is a report that is written when the run is over.
type output struct {
	flag, path string // path - is standard output
	render     func(io.Writer, *summary.Summary) error
	file       *os.File // nil for standard output
}

// outputs are the reports that were asked for.
type outputs struct {
	junit, markdown, html string
	// page writes the HTML report. It is set where html is.
	page func(io.Writer, *summary.Summary) error
	list []*output
}

// open makes the files before the run, so that one that cannot be written is
// found before the attack begins. A file that is there keeps its content until then.
// A pipe that nobody reads is waited for as long as ctx lasts.
func (o *outputs) open(ctx context.Context, json bool) error {
	o.list = nil
	stdout := ""
	if json {
		stdout = "--json"
	}
	for _, one := range []output{
		{flag: "--junit", path: o.junit, render: report.JUnit},
		{flag: "--markdown", path: o.markdown, render: report.Markdown},
		{flag: "--html", path: o.html, render: o.page},
	} {
		if one.path == "" {
			continue
		}
		if one.path == "-" {
			if stdout != "" {
				return errors.Join(badinput.Error(fmt.Errorf("%s and %s would both be written to standard output: give %s a file", stdout, one.flag, one.flag)), o.close())
			}
			stdout = one.flag
		} else if err := one.create(ctx); err != nil {
			return errors.Join(err, o.close())
		}
		o.list = append(o.list, &one)
	}
	return nil
}

func (o *output) create(ctx context.Context) error {
	type result struct {
		file *os.File
		err  error
	}
	made := make(chan result, 1)
	go func() {
		file, err := os.OpenFile(o.path, os.O_WRONLY|os.O_CREATE, 0o644)
		made <- result{file, err}
	}()
	select {
	case r := <-made:
		if r.err != nil {
			return badinput.Error(fmt.Errorf("%s: %w; name a file that can be written, or - for standard output", o.flag, r.err))
		}
		o.file = r.file
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// takeStdout reports whether a report takes the place of the summary.
func (o *outputs) takeStdout() bool { return o.junit == "-" || o.markdown == "-" || o.html == "-" }

// write writes the reports.
func (o *outputs) write(stdout io.Writer, sum *summary.Summary) error {
	var errs []error
	for _, one := range o.list {
		if err := one.write(stdout, sum); err != nil {
			errs = append(errs, fmt.Errorf("write %s: %w", one.flag, err))
		}
	}
	return errors.Join(errs...)
}

func (o *output) write(stdout io.Writer, sum *summary.Summary) error {
	var text bytes.Buffer
	if err := o.render(&text, sum); err != nil {
		return err
	}
	if o.file == nil {
		_, err := stdout.Write(text.Bytes())
		return err
	}
	if info, err := o.file.Stat(); err == nil && info.Mode().IsRegular() {
		if err := o.file.Truncate(0); err != nil {
			return err
		}
	}
	_, err := o.file.Write(text.Bytes())
	return err
}

func (o *outputs) close() error {
	var errs []error
	for _, one := range o.list {
		if one.file != nil {
			errs = append(errs, one.file.Close())
		}
	}
	o.list = nil
	return errors.Join(errs...)
}

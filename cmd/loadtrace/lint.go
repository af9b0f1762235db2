package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/distribution"
	"github.com/loadtrace/loadtrace/internal/lint"
)

// linter holds configurations against rules.
type linter struct {
	rules  []string // files of more
	format string
	json   bool
	strict bool
	list   bool
}

func newLint() *cobra.Command {
	var l linter
	cmd := &cobra.Command{
		Use:   "lint FILE…",
		Short: "Check collector configurations for unsafe settings",
		Long: `Find settings in collector configurations that are valid but unsafe: exporters without
a queue, TLS turned off towards another host, a debug exporter, run attributes that
do not exist, a loadgen receiver that may attack anything, and more. A FILE is a
collector configuration, or an OpenTelemetryCollector or a ConfigMap that holds one.

Nothing is started or resolved. For ${env:NAME:-default} the default is used; the
value of a variable without a default is unknown. Use loadtrace validate to check
whether a configuration is valid at all.

A comment on the line of a finding, or on the line above, allows it, with a reason:

  # lint:allow tls-off: both run on one private network

--rules adds rules from a YAML file, or changes built-in ones; --list shows all rules.

Exit codes: 0 no errors; 97 at least one error or, with --strict, one warning; 2 bad
input: a flag, a file that cannot be read or is not a configuration, a rule that does
not work.`,
		Example: `  loadtrace lint deploy/*.yaml
  loadtrace lint --format github collector.yaml
  loadtrace lint --rules ours.yaml --strict collector.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return l.do(args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&l.rules, "rules", nil, "`file` with more rules, or changes to built-in ones (repeatable)")
	flags.StringVar(&l.format, "format", "text", "text, json, sarif or github (workflow commands for annotations)")
	flags.BoolVar(&l.json, "json", false, "the same as --format json")
	flags.BoolVar(&l.strict, "strict", false, "treat warnings as errors")
	flags.BoolVar(&l.list, "list", false, "list the rules and check nothing")
	return cmd
}

func (l *linter) do(files []string, stdout, stderr io.Writer) error {
	rules, err := l.load()
	if err != nil {
		return badinput.Error(err)
	}
	if l.list {
		return rules.List(stdout)
	}
	if len(files) == 0 {
		return badinput.Error(errors.New("no files are named; write loadtrace lint collector.yaml"))
	}
	write, err := l.writer(rules)
	if err != nil {
		return badinput.Error(err)
	}
	report := lint.Report{Files: files}
	var faults []error
	for _, file := range files {
		src, err := readFile(file, maxLintFile)
		if err == nil {
			var found []lint.Finding
			found, err = rules.Check(file, src)
			report.Findings = append(report.Findings, found...)
		}
		faults = append(faults, err)
	}
	var text bytes.Buffer
	if err := write(&text, &report); err != nil {
		return fmt.Errorf("write the findings: %w", err)
	}
	if _, err := stdout.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write the findings: %w", err)
	}
	if err := errors.Join(faults...); err != nil {
		return badinput.Error(err)
	}
	return l.judge(&report, stderr)
}

func (l *linter) load() (lint.Rules, error) {
	var more []lint.Source
	for _, file := range l.rules {
		src, err := readFile(file, maxLintFile)
		if err != nil {
			return nil, fmt.Errorf("--rules: %w", err)
		}
		more = append(more, lint.Source{Name: file, Text: src})
	}
	return lint.Load(more...)
}

// writer is how the report is written.
func (l *linter) writer(rules lint.Rules) (func(io.Writer, *lint.Report) error, error) {
	format := l.format
	if l.json {
		format = "json"
	}
	switch format {
	case "text":
		return lint.Text, nil
	case "json":
		return lint.JSON, nil
	case "github":
		return lint.GitHub, nil
	case "sarif":
		return func(w io.Writer, r *lint.Report) error { return lint.SARIF(w, r, rules, distribution.Version) }, nil
	}
	return nil, fmt.Errorf("--format %q: write text, json, sarif or github", l.format)
}

// judge is the verdict on a report, as an error if there is something in it.
func (l *linter) judge(r *lint.Report, stderr io.Writer) error {
	wrong, warned := r.Count(lint.Error), r.Count(lint.Warning)
	counts := fmt.Sprintf("%s and %s in %s", plural(wrong, "error"), plural(warned, "warning"), plural(len(r.Files), "file"))
	if n := r.Waived(); n > 0 {
		counts += fmt.Sprintf("; %d waived", n)
	}
	if wrong > 0 || l.strict && warned > 0 {
		return verdictError{exitFindings, "lint found " + counts}
	}
	fmt.Fprintln(stderr, counts)
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

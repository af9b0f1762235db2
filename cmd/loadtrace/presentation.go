package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/terminal"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// presentation is how a summary is shown.
type presentation struct {
	json    bool
	screen  screen
	outputs outputs

	stdout, stderr io.Writer
}

// addReportsTo adds the flags of reports.
func (p *presentation) addReportsTo(flags *pflag.FlagSet) {
	flags.BoolVar(&p.json, "json", false, "print the summary as JSON")
	flags.StringVar(&p.outputs.junit, "junit", "", "also write the verdict as JUnit XML to this file, - for standard output instead of the summary")
	flags.StringVar(&p.outputs.markdown, "markdown", "", "also write the verdict and the key figures as Markdown to this file, - for standard output instead of the summary")
}

func (p *presentation) addColorTo(flags *pflag.FlagSet) {
	flags.StringVar(&p.screen.color, "color", "auto", "colour the output: auto, always or never (auto heeds NO_COLOR)")
}

// print writes the summary and the reports.
func (p *presentation) print(sum summary.Summary) error {
	if sum.RunID == "" {
		return nil // there was no run
	}
	written := p.outputs.write(p.stdout, &sum)
	var text bytes.Buffer
	switch {
	case p.json:
		if err := printJSON(&text, sum); err != nil {
			return fmt.Errorf("write the summary: %w", err)
		}
	case !p.outputs.takeStdout():
		terminal.Summary(&text, sum, p.screen.options(p.stdout))
	}
	if advice, lines := sum.ErrorThreshold(); len(lines) > 0 && (p.json || p.outputs.takeStdout()) {
		printLines(p.stderr, "%s; %s\n  %s", sum.VerdictWords(), advice, strings.Join(lines, "\n  ")) // the summary is not for people here
	}
	if _, err := p.stdout.Write(text.Bytes()); err != nil {
		return errors.Join(written, fmt.Errorf("write the summary: %w", err))
	}
	return written
}

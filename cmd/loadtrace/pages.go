package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/loadtrace/loadtrace/internal/attackline"
	"github.com/loadtrace/loadtrace/internal/badinput"
	"github.com/loadtrace/loadtrace/internal/help"
	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/loadgen"
)

// rootPage is what loadtrace prints by itself. It fits a terminal of 80 columns and 24
// lines.
const rootPage = `Loadtrace load-tests a service and explains what it saw.

  loadtrace demo                        attack a demo service for 15 seconds
  loadtrace run http://127.0.0.1:8080/  attack a URL
  loadtrace init                        write a plan to start from
  loadtrace run plan.yaml               run a plan: attacks, stages, thresholds

  loadtrace runs                        list, query and export archived runs
  loadtrace report last                 write a run's report as HTML
  loadtrace explain last                name what made a run slow, with evidence
  loadtrace compare a.json b.json       show two runs side by side
  loadtrace merge 0.json 1.json         make one run of the shards of a plan

  loadtrace calibrate                   measure the instrument's own error
  loadtrace ladder                      fix a slow service step by step
  loadtrace target                      run the demo service alone
  loadtrace lint c.yaml                 check collector configurations
  loadtrace --config c.yaml             run as an OpenTelemetry Collector

Also: completion, components, featuregate, print-config, validate, version.
loadtrace COMMAND --help is a page on one, and loadtrace help COMMAND the whole.
Flags of the collector are those of validate.

Exit codes: 0 done, and thresholds kept to; 99 a threshold was breached; 98
undecided; 97 lint or compare found something; 2 bad input; 1 anything else.
`

// installHelp gives the commands help that fits a terminal. The collector's own flags
// are described in longer lines than any terminal has, and with all its feature gates.
func installHelp(root *cobra.Command) {
	root.Annotations = map[string]string{help.AnnotationPage: rootPage}
	described := []*cobra.Command{root}
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "validate", "print-config":
			described = append(described, cmd)
		case "run":
			cmd.Annotations = map[string]string{help.AnnotationFlags: "rate,workers,duration,header,body,grpc,print-plan,set,json,otlp,listen"}
		}
	}
	help.Describe(map[string]string{
		"config":        "`file` with the configuration, or env:NAME or yaml:TEXT (repeatable)",
		"feature-gates": "`gates` of the collector to open, or with - before the id to close, comma-separated; loadtrace featuregate lists them",
		"set":           "replace a `value` of the configuration, as in processors.batch.timeout=2s (repeatable)",
	}, described...)
	help.Install(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return badinput.Error(help.FlagFault(cmd, err)) })
}

// misled reports arguments that begin with no command. A URL or a plan alone was
// meant for run.
func misled(root *cobra.Command, args []string) error {
	err := help.CommandFault(root, args)
	if err == nil {
		return nil
	}
	_, missing := os.Stat(args[0])
	isPlan := missing == nil && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(args[0]))
	if attackline.IsURL(args[0]) || isPlan {
		return badinput.Error(fmt.Errorf("unknown command; did you mean loadtrace run %s?", plaintext.Line(loadgen.RedactFaulty(args[0]))))
	}
	return badinput.Error(err)
}

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// commands are all that have help, but for target, which is a program of its own, too.
var commands = []string{"calibrate", "compare", "completion", "components", "demo", "featuregate", "help", "init", "ladder",
	"lint", "merge", "print-config", "run", "runs", "validate", "version"}

func TestHelpFitsATerminal(t *testing.T) {
	pages := [][]string{{"--help"}, {"-h"}, {"help"}}
	for _, name := range commands {
		pages = append(pages, []string{name, "--help"})
	}
	for _, c := range newRuns().Commands() {
		pages = append(pages, []string{"runs", c.Name(), "--help"})
		c := loadtrace(t, "help", "runs", c.Name())
		c.run(t, 0)
		requireFits(t, c.out.String(), c.Args)
	}
	for _, args := range pages {
		c := loadtrace(t, args...)
		c.run(t, 0)
		requireFits(t, c.out.String(), args)
		assert.LessOrEqual(t, strings.Count(c.out.String(), "\n"), 23, "%s: %s", args, &c.out)
		assert.Empty(t, c.err.String())
	}
	for _, name := range commands {
		c := loadtrace(t, "help", name)
		c.run(t, 0)
		requireFits(t, c.out.String(), []string{"help", name})
	}
}

// requireFits checks the width, and that the collector's feature gates are not listed,
// which once took a line of 2,000 characters.
func requireFits(t *testing.T, text string, args []string) {
	require.NotEmpty(t, text, args)
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, "%s: %s", args, line)
	}
	assert.NotContains(t, text, "confmap.enableMergeAppendOption", args)
}

func TestThePageOfTheProgramNamesEveryCommand(t *testing.T) {
	root := newRoot(nil, nil)
	named := 0
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			assert.Regexp(t, `(loadtrace|Also:.*) `+c.Name()+`\b`, strings.ReplaceAll(rootPage, ",\n", ", "), c.Name())
			named++
		}
	}
	assert.Greater(t, named, 10)
}

func TestTheWholeHelpOfRunHasEveryFlag(t *testing.T) {
	c := loadtrace(t, "help", "run")
	c.run(t, 0)
	for _, flag := range []string{"--rate rate", "--otlp-header-file file", "--shard", "--start-at", "--flush-timeout duration\n", "(default 50/s,"} {
		assert.Contains(t, c.out.String(), flag)
	}
}

func TestLoadtraceAloneShowsItsPage(t *testing.T) {
	c := loadtrace(t)
	c.run(t, 2)
	assert.Equal(t, rootPage, c.err.String())
	assert.Empty(t, c.out.String())
}

func TestAMistypedWordIsAnsweredWithTheOneThatWasMeant(t *testing.T) {
	for line, want := range map[string]string{
		"rnu plan.yaml --quiet":     `unknown command "rnu"; did you mean run?`,
		"rnu --rate 5/s":            `unknown command "rnu"; did you mean run?`,
		"help rnu":                  `unknown command "rnu"; did you mean run?`,
		"deploy":                    `unknown command "deploy"; loadtrace --help lists the commands`,
		"http://u:hunter2@h/":       "unknown command; did you mean loadtrace run http://h/?",
		"run x.yaml --jsn":          "unknown flag: --jsn; did you mean --json?",
		"run http://h/ -rate 5/s":   "unknown flag: -rate; did you mean --rate?",
		"run http://h/ -x":          "unknown flag: -x; loadtrace help run lists the flags",
		"run http://h/ --workesr 5": "unknown flag: --workesr; did you mean --workers?",
		"--confg c.yaml":            "unknown flag: --confg; did you mean --config?",
		"calibrate --rate x":        `--rate: "x" is not a number; write one such as 250`,
		"calibrate --duration 5":    `--duration: "5" is not a duration; write one such as 30s`,
		"calibrate --calls":         "--calls: has no value; write it after the flag",
		"run x.yaml --quiet=3":      `--quiet: "3" is neither true nor false; write --quiet alone for true`,
	} {
		c := loadtrace(t, strings.Fields(line)...)
		c.run(t, 2)
		assert.Equal(t, "Error: "+want+"\n", c.err.String(), line)
		assert.Empty(t, c.out.String(), line)
	}
}

func TestAMistypedKeyOfAPlanIsAnsweredWithTheOneThatWasMeant(t *testing.T) {
	plan := writePlanWith(t, "http://h", "[{constant: 1/s, count: 1}]", "limit: {grace: 1s}\n")
	c := loadtrace(t, "run", plan)
	c.run(t, 2)
	assert.Contains(t, c.err.String(), "plan.yaml:6:1: limit: unknown key; did you mean limits?")
}

func TestTheDocumentationHasEveryExitCode(t *testing.T) {
	text, err := os.ReadFile("../../docs/outputs.md")
	require.NoError(t, err)
	for code, meaning := range map[int]string{0: "done", exitBreached: "breached", exitUndecided: "undecided", exitFindings: "found", 2: "bad input", 1: "anything else"} {
		assert.Contains(t, string(text), fmt.Sprintf("| %d | %s |", code, meaning))
		assert.Contains(t, strings.Join(strings.Fields(rootPage), " "), fmt.Sprintf(" %d ", code))
	}
}

package help

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/spelling"
	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// Install gives a program and its commands this help: --help is the page of a command,
// and the command help its whole text. It is called when all commands are there.
func Install(root *cobra.Command) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { io.WriteString(cmd.OutOrStdout(), Page(cmd)) })
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print the whole help of a command",
		Args: func(_ *cobra.Command, args []string) error {
			if of, _, err := root.Find(args); len(args) > 0 && (err != nil || of == root) {
				return unknownCommand(root, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			of, _, err := root.Find(args)
			if err != nil {
				return err
			}
			of.InitDefaultHelpFlag()
			of.InitDefaultVersionFlag()
			text := Full(of)
			if of == root {
				text = Page(of)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	})
}

// Describe replaces how a flag of some commands is described, and leaves its default
// out, which may be long.
func Describe(usage map[string]string, cmds ...*cobra.Command) {
	for _, cmd := range cmds {
		for name, text := range usage {
			if f := cmd.Flags().Lookup(name); f != nil {
				f.Usage, f.DefValue = text, ""
			}
		}
	}
}

// CommandFault reports a first argument that is no command of the program; nil if it is one,
// or a flag. Other arguments are the command's.
func CommandFault(root *cobra.Command, args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return nil
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	for _, c := range root.Commands() {
		if c.Name() == args[0] || c.HasAlias(args[0]) || strings.HasPrefix(args[0], "__complete") {
			return nil
		}
	}
	return unknownCommand(root, args[0])
}

func unknownCommand(root *cobra.Command, word string) error {
	var known []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			known = append(known, c.Name())
		}
	}
	return fmt.Errorf("unknown command %q%s", shortened(word), meant(word, known, "", root.Name()+" --help lists the commands"))
}

// FlagFault is an error of reading flags, in words that say what to do.
func FlagFault(cmd *cobra.Command, err error) error {
	list := cmd.CommandPath() + " --help lists the flags"
	if cmd.HasParent() {
		list = fmt.Sprintf("%s help %s lists the flags", cmd.Root().Name(), strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "))
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := unknown.GetSpecifiedName()
		if short := unknown.GetSpecifiedShortnames(); len(short) > 1 { // one dash, and a word
			return fmt.Errorf("unknown flag: -%s%s", shortened(short), meant(short, names(cmd), "--", list))
		}
		if len(name) == 1 && strings.Contains(err.Error(), "shorthand") {
			return fmt.Errorf("unknown flag: -%s; %s", name, list)
		}
		return fmt.Errorf("unknown flag: --%s%s", shortened(name), meant(name, names(cmd), "--", list))
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		f := invalid.GetFlag()
		if f.Value.Type() == "bool" {
			return fmt.Errorf("--%s: %q is neither true nor false; write --%[1]s alone for true", f.Name, shortened(invalid.GetValue()))
		}
		if kind, ok := kinds[f.Value.Type()]; ok {
			return fmt.Errorf("--%s: %q is not %s; write one such as %s", f.Name, shortened(invalid.GetValue()), kind.name, kind.example)
		}
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Errorf("--%s: has no value; write it after the flag", missing.GetFlag().Name)
	}
	return err
}

// kinds are types of flags.
var kinds = map[string]struct{ name, example string }{
	"int":      {"a whole number", "8"},
	"float64":  {"a number", "250"},
	"duration": {"a duration", "30s"},
}

func names(cmd *cobra.Command) (all []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	return all
}

// meant ends an error with the word that may have been meant, or else with where the
// words are listed.
func meant(word string, known []string, before, list string) string {
	if near, ok := spelling.Nearest(word, known); ok {
		return "; did you mean " + before + near + "?"
	}
	return "; " + list
}

// shortened is what a user wrote, for a message.
func shortened(s string) string { return plaintext.Line(utf8text.Clip(s)) }

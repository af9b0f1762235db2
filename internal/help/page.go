package help

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A page fits a terminal of 80 columns and 24 lines, of which the prompt has one.
const (
	columns = 80
	lines   = 23
)

// Annotations of a command, for its page.
const (
	// AnnotationPage is the page itself, in place of one that is made.
	AnnotationPage = "help.page"
	// AnnotationFlags names the flags to show, comma-separated and the most important
	// first. Without it they are in the order of their names.
	AnnotationFlags = "help.flags"
)

// Page is the help of a command that fits a terminal: all of it if it does, and else its
// beginning, with some of its examples and flags.
func Page(cmd *cobra.Command) string {
	if page, ok := cmd.Annotations[AnnotationPage]; ok {
		return page
	}
	full := Full(cmd)
	if strings.Count(full, "\n") <= lines {
		return full
	}
	first, _, _ := strings.Cut(about(cmd), "\n\n")
	top := strings.TrimSpace(first) + "\n\nUsage: " + cmd.UseLine() + "\n"
	bottom := fmt.Sprintf("\nAll flags, and more: %s help %s\n", cmd.Root().Name(), strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "))
	room := lines - strings.Count(top+bottom, "\n")
	flags := brief(cmd)
	examples := fitting(example(cmd), max(room-len(flags)-2, room/3))
	if examples != "" {
		examples = "\n" + examples
	}
	room -= strings.Count(examples, "\n") + 1
	return top + examples + "\n" + strings.Join(flags[:min(len(flags), max(room, 0))], "") + bottom
}

// fitting is the first commands of a text, as many as fit.
func fitting(text string, most int) string {
	var out string
	for _, command := range commands(text) {
		if strings.Count(out+command, "\n") > most {
			break
		}
		out += command
	}
	return out
}

// commands are the lines of a text, each with those that continue it.
func commands(text string) (all []string) {
	continued := false
	for line := range strings.Lines(text) {
		if continued {
			all[len(all)-1] += line
		} else {
			all = append(all, line)
		}
		continued = strings.HasSuffix(line, "\\\n")
	}
	return all
}

// Full is the whole help of a command.
func Full(cmd *cobra.Command) string {
	var out strings.Builder
	out.WriteString(about(cmd) + "\n\nUsage:\n  " + cmd.UseLine() + "\n")
	if text := example(cmd); text != "" {
		out.WriteString("\nExamples:\n" + text)
	}
	if cmd.HasAvailableSubCommands() && cmd.HasParent() {
		out.WriteString("\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(&out, "  %-12s %s\n", c.Name(), c.Short)
			}
		}
	}
	if cmd.HasAvailableLocalFlags() {
		out.WriteString("\nFlags:\n")
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { out.WriteString(whole(f)) })
	}
	return out.String()
}

// about is what a command's help says first.
func about(cmd *cobra.Command) string {
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	return Wrap(strings.TrimSpace(text))
}

// example is a command's examples, each in lines that fit.
func example(cmd *cobra.Command) string {
	var out strings.Builder
	for line := range strings.Lines(strings.TrimRight(cmd.Example, "\n")) {
		line = strings.TrimRight(line, "\n")
		if command, _, ok := strings.Cut(line, "   # "); ok && len([]rune(line)) > columns {
			line = command // without what is said about it
		}
		for len([]rune(line)) > columns {
			at := strings.LastIndex(line[:columns-2], " --")
			if at <= 4 {
				break
			}
			out.WriteString(line[:at] + " \\\n")
			line = "     " + line[at:]
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// Wrap breaks the paragraphs of a text to lines that fit. The lines of a list, and those
// that begin with a space, stay lines of their own.
func Wrap(text string) string {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		if strings.HasPrefix(p, " ") || strings.Contains(p, "\n ") {
			continue
		}
		if !strings.HasPrefix(p, "- ") {
			paragraphs[i] = fill(p, columns)
			continue
		}
		items := strings.Split(p, "\n")
		for j := range items {
			items[j] = strings.ReplaceAll(fill(items[j], columns-2), "\n", "\n  ")
		}
		paragraphs[i] = strings.Join(items, "\n")
	}
	return strings.Join(paragraphs, "\n\n")
}

// fill breaks words to lines of at most so many characters.
func fill(text string, width int) string {
	var out strings.Builder
	at := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case at == 0:
		case at+1+n > width:
			out.WriteByte('\n')
			at = 0
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += n
	}
	return out.String()
}

// brief is a line for each flag, in two columns.
func brief(cmd *cobra.Command) (all []string) {
	flags := shown(cmd)
	width := 0
	for _, f := range flags {
		width = max(width, len(head(f)))
	}
	for _, f := range flags {
		line := fmt.Sprintf("%-*s  ", width, head(f))
		all = append(all, line+description(f, columns-len(line))+"\n")
	}
	return all
}

// head is a flag with the name of its value.
func head(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	if strings.HasPrefix(name, "string") {
		name = "text"
	}
	return strings.TrimRight("  --"+f.Name+" "+name, " ")
}

// whole is a flag with all of its description below it.
func whole(f *pflag.Flag) string {
	if f.Hidden {
		return ""
	}
	first := head(f)
	if f.Shorthand != "" {
		first = "  -" + f.Shorthand + "," + strings.TrimPrefix(first, " ")
	}
	_, usage := pflag.UnquoteUsage(f)
	const indent = "      "
	return first + "\n" + indent + strings.ReplaceAll(fill(usage+preset(f), columns-len(indent)), "\n", "\n"+indent) + "\n"
}

// preset is the default of a flag that has one beside its description.
func preset(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "false", "[]", "0":
		return ""
	}
	return " (default " + strings.Trim(f.DefValue, "[]") + ")"
}

// description is as much of a flag's description as there is room for: all, or its first
// clause with its default, or that alone.
func description(f *pflag.Flag, room int) string {
	_, usage := pflag.UnquoteUsage(f)
	usage += preset(f)
	standard := ""
	if at := strings.LastIndex(usage, " (default "); at >= 0 {
		standard = usage[at:]
	}
	text, _, _ := strings.Cut(usage, " (")
	for _, end := range []string{"; ", ": ", ", "} {
		text, _, _ = strings.Cut(text, end)
	}
	for _, fits := range []string{usage, text + standard, text} {
		if len([]rune(fits)) <= room {
			return fits
		}
	}
	runes := []rune(text)
	return string(append(runes[:min(max(room-1, 0), len(runes))], '…'))
}

// shown are the flags of a command's page.
func shown(cmd *cobra.Command) (flags []*pflag.Flag) {
	names, chosen := cmd.Annotations[AnnotationFlags]
	if !chosen {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && f.Name != "help" {
				flags = append(flags, f)
			}
		})
		return flags
	}
	for name := range strings.SplitSeq(names, ",") {
		if f := cmd.Flags().Lookup(name); f != nil {
			flags = append(flags, f)
		}
	}
	return flags
}

package help

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
)

func program() (root, long *cobra.Command) {
	root = &cobra.Command{Use: "prog", RunE: func(*cobra.Command, []string) error { return nil }}
	long = &cobra.Command{
		Use: "long FILE", Short: "Do much", RunE: root.RunE,
		Long:    "Do much, of which\nthis is the first paragraph.\n\n" + strings.Repeat("And more of it. ", 200),
		Example: "  prog long a\n  prog long b --first x --second " + strings.Repeat("y", 60) + "\n",
	}
	for _, name := range []string{"first", "second", "third"} {
		long.Flags().String(name, "", "the `"+name+"` thing; "+strings.Repeat("there is much to say of it ", 5))
	}
	long.Flags().Int("count", 5, "how many, of which there may be a great number in the end and at its beginning")
	root.AddCommand(long)
	return root, long
}

func TestAPageHasTheBeginningOfALongHelp(t *testing.T) {
	_, long := program()
	assert.Equal(t, `Do much, of which this is the first paragraph.

Usage: prog long FILE [flags]

  prog long a
  prog long b --first x \
      --second `+strings.Repeat("y", 60)+`

  --count int      how many (default 5)
  --first first    the first thing
  --second second  the second thing
  --third third    the third thing

All flags, and more: prog help long
`, Page(long))
}

func TestAPageHasTheFlagsThatWereChosen(t *testing.T) {
	_, long := program()
	long.Annotations = map[string]string{AnnotationFlags: "third,first"}
	assert.Contains(t, Page(long), "\n  --third third  the third thing\n  --first first  the first thing\n\n")
}

func TestAPageFitsHoweverManyFlagsThereAre(t *testing.T) {
	_, long := program()
	for i := range 60 {
		long.Flags().String("more"+strings.Repeat("x", i), "", strings.Repeat("words ", 30))
	}
	page := Page(long)
	assert.LessOrEqual(t, strings.Count(page, "\n"), lines)
	for line := range strings.Lines(page) {
		assert.LessOrEqual(t, len([]rune(line)), columns+1, line)
	}
}

func TestAShortHelpIsItsPage(t *testing.T) {
	root, _ := program()
	short := &cobra.Command{Use: "short", Short: "Do little", RunE: root.RunE}
	root.AddCommand(short)
	assert.Equal(t, Full(short), Page(short))
	assert.Equal(t, "Do little\n\nUsage:\n  prog short\n", Page(short))
}

func TestListsStayLists(t *testing.T) {
	text := "One\nparagraph.\n\n- an item\n- " + strings.Repeat("long ", 20) + "\n\n  as it is"
	assert.Equal(t, "One paragraph.\n\n- an item\n- "+strings.TrimSpace(strings.Repeat("long ", 15))+"\n  "+strings.TrimSpace(strings.Repeat("long ", 5))+"\n\n  as it is", Wrap(text))
}

// Command gencolumns writes the table of columns in docs/runs.md.
package main

import (
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/loadtrace/loadtrace/runs/query"
)

const (
	page  = "../../docs/runs.md"
	begin = "<!-- columns: made by go generate ./runs/query -->\n"
	end   = "<!-- end of columns -->\n"
)

func main() {
	text, err := os.ReadFile(page)
	if err != nil {
		log.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		log.Fatalf("%s has no %q and %q", page, begin, end)
	}
	if err := os.WriteFile(page, []byte(before+begin+table()+end+after), 0o644); err != nil {
		log.Fatal(err)
	}
}

// table has a line for each column.
func table() string {
	var out strings.Builder
	out.WriteString("| column | also | kind | meaning |\n|---|---|---|---|\n")
	for i := range query.Columns {
		c := &query.Columns[i]
		meaning := c.Doc
		if len(c.Values) > 0 {
			meaning += ": " + code(c.Values)
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", c.Name, code(c.Aliases()), c.Kind, meaning)
	}
	return out.String()
}

func code(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

// Command genschema writes the schemas in docs/schema. go generate runs it in the folder
// of package schema.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/internal/schema"
)

func main() {
	const root = "../.."
	files, err := schema.Files(root)
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

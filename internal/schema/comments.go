package schema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
)

const module = "github.com/loadtrace/loadtrace/"

// comments has those of the fields of structs, read from the source.
type comments struct {
	root     string                                  // of the module
	packages map[string]map[string]map[string]string // package, type and field
}

// of is the comment of a field, in one line; empty if there is none.
func (c *comments) of(owner reflect.Type, field string) (string, error) {
	pkg := owner.PkgPath()
	if c.packages[pkg] == nil {
		if err := c.read(pkg); err != nil {
			return "", err
		}
	}
	return c.packages[pkg][owner.Name()][field], nil
}

func (c *comments) read(pkg string) error {
	dir, ours := strings.CutPrefix(pkg, module)
	if !ours {
		return fmt.Errorf("%s is not of this module", pkg)
	}
	types := map[string]map[string]string{}
	c.packages[pkg] = types
	files, err := filepath.Glob(filepath.Join(c.root, dir, "*.go"))
	if err == nil && len(files) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return fmt.Errorf("read the source of %s: %w", pkg, err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				types[spec.Name.Name] = fieldComments(s)
			}
			return false
		})
	}
	return nil
}

func fieldComments(s *ast.StructType) map[string]string {
	fields := map[string]string{}
	for _, f := range s.Fields.List {
		text := f.Doc.Text()
		if text == "" {
			text = f.Comment.Text()
		}
		for _, name := range f.Names {
			fields[name.Name] = strings.Join(strings.Fields(text), " ")
		}
	}
	return fields
}

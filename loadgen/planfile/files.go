package planfile

import (
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
)

// fileKey is a key that names a file or a folder, and the place of its value.
type fileKey struct {
	key  string // below http or grpc
	path *string
	most int64 // bytes in the file; 0 for a folder
}

func httpFiles(h *loadgen.HTTP) []fileKey {
	keys := append([]fileKey{{"body_file", &h.BodyFile, infile.MaxBody}}, tlsFiles(&h.TLS)...)
	if h.Targets != nil {
		keys = append(keys, fileKey{"targets.file", &h.Targets.File, infile.MaxTargets})
	}
	return keys
}

func grpcFiles(g *loadgen.GRPC) []fileKey {
	keys := []fileKey{
		{"proto", &g.Proto, infile.MaxProto},
		{"protoset", &g.Protoset, infile.MaxProtoset},
		{"data_file", &g.DataFile, infile.MaxMessages},
		{"binary_file", &g.BinaryFile, infile.MaxMessages},
	}
	for i := range g.ImportPaths {
		keys = append(keys, fileKey{item("import_paths", i), &g.ImportPaths[i], 0})
	}
	return append(keys, tlsFiles(&g.TLS)...)
}

func tlsFiles(t *loadgen.TLS) []fileKey {
	return []fileKey{
		{"tls.ca_file", &t.CAFile, infile.MaxPEM},
		{"tls.cert_file", &t.CertFile, infile.MaxPEM},
		{"tls.key_file", &t.KeyFile, infile.MaxPEM},
	}
}

// resolvePaths makes the files that a plan names absolute, so that they mean
// the same wherever the plan is read again.
func resolvePaths(plan *loadgen.Plan, dir string) {
	for i := range plan.Attacks {
		if h := plan.Attacks[i].HTTP; h != nil {
			resolve(httpFiles(h), dir)
		}
		if g := plan.Attacks[i].GRPC; g != nil {
			resolve(grpcFiles(g), dir)
		}
	}
}

func resolve(files []fileKey, dir string) {
	for _, f := range files {
		if *f.path == "" {
			continue
		}
		if !filepath.IsAbs(*f.path) {
			*f.path = filepath.Join(dir, *f.path)
		}
		if abs, err := filepath.Abs(*f.path); err == nil {
			*f.path = abs
		}
	}
}

func (v *validator) files(files []fileKey, key string) {
	for _, f := range files {
		if *f.path == "" {
			continue
		}
		err := infile.Check(*f.path, f.most)
		fix := infile.Advice(err)
		if f.most == 0 {
			err, fix = isFolder(*f.path), "name a folder"
		}
		if err != nil {
			v.add(key+"."+f.key, err.Error(), fix)
		}
	}
}

// isFolder reports why nothing can be looked for in a folder.
func isFolder(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &os.PathError{Op: "look into", Path: path, Err: os.ErrInvalid}
	}
	return err
}

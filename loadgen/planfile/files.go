package planfile

import (
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/loadgen"
)

// fileKey is a key that names a file or a folder, and the place of its value.
type fileKey struct {
	key    string // below http or grpc
	path   *string
	folder bool
}

func httpFiles(h *loadgen.HTTP) []fileKey {
	keys := append([]fileKey{{key: "body_file", path: &h.BodyFile}}, tlsFiles(&h.TLS)...)
	if h.Targets != nil {
		keys = append(keys, fileKey{key: "targets.file", path: &h.Targets.File})
	}
	return keys
}

func grpcFiles(g *loadgen.GRPC) []fileKey {
	keys := []fileKey{
		{key: "proto", path: &g.Proto},
		{key: "protoset", path: &g.Protoset},
		{key: "data_file", path: &g.DataFile},
		{key: "binary_file", path: &g.BinaryFile},
	}
	for i := range g.ImportPaths {
		keys = append(keys, fileKey{key: item("import_paths", i), path: &g.ImportPaths[i], folder: true})
	}
	return append(keys, tlsFiles(&g.TLS)...)
}

func tlsFiles(t *loadgen.TLS) []fileKey {
	return []fileKey{
		{key: "tls.ca_file", path: &t.CAFile},
		{key: "tls.cert_file", path: &t.CertFile},
		{key: "tls.key_file", path: &t.KeyFile},
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
		err, fix := readable(*f.path), "name a file that can be read"
		if f.folder {
			err, fix = isFolder(*f.path), "name a folder"
		}
		if err != nil {
			v.add(key+"."+f.key, err.Error(), fix)
		}
	}
}

// readable reports why a file cannot be read. A pipe is not opened, since that
// would wait for its writer.
func readable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return &os.PathError{Op: "read", Path: path, Err: os.ErrInvalid}
	case !info.Mode().IsRegular():
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// isFolder reports why nothing can be looked for in a folder.
func isFolder(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &os.PathError{Op: "look into", Path: path, Err: os.ErrInvalid}
	}
	return err
}

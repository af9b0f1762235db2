package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// maxInfo bounds run.json, in bytes.
const maxInfo = 64 << 20

// readInfo reads run.json, whatever wrote it.
func readInfo(path string) (*Info, error) {
	f, err := openRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotArchive
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxInfo+1))
	switch {
	case err != nil:
		return nil, err
	case len(src) > maxInfo:
		return nil, fmt.Errorf("%s is longer than %d MiB, so it is none of an archive", infoFile, maxInfo>>20)
	}
	return parseInfo(src)
}

// openRegular opens a file that is no pipe or device, which may never end.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", path)
	}
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

func parseInfo(src []byte) (*Info, error) {
	var version struct {
		SchemaVersion *int `json:"schema_version"`
	}
	if err := json.Unmarshal(src, &version); err != nil {
		return nil, fmt.Errorf("%s is damaged: %s", infoFile, plaintext.Line(err.Error()))
	}
	switch v := version.SchemaVersion; {
	case v == nil:
		return nil, fmt.Errorf("%s has no schema_version, so it is none of an archive", infoFile)
	case *v > SchemaVersion:
		return nil, fmt.Errorf("%s: schema_version is %d, and this loadtrace reads up to %d; read the archive with a newer one", infoFile, *v, SchemaVersion)
	case *v < 1:
		return nil, fmt.Errorf("%s: schema_version is %d, and the first was 1", infoFile, *v)
	}
	info := &Info{}
	if err := json.Unmarshal(plaintext.JSON(src), info); err != nil {
		return nil, fmt.Errorf("%s is damaged: %s", infoFile, plaintext.Line(err.Error()))
	}
	return info, nil
}

// writeInfo replaces run.json.
func writeInfo(dir string, info *Info) error {
	src, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", infoFile, err)
	}
	src = append(plaintext.JSON(src), '\n')
	return replace(filepath.Join(dir, infoFile), func(f *os.File) error {
		_, err := io.Copy(f, bytes.NewReader(src))
		return err
	})
}

// replace writes a file under another name, which it gets when all of it is on the disk.
// What was there under the name stays until then.
func replace(path string, write func(*os.File) error) error {
	f, err := os.OpenFile(path+part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, filePerm)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+part, path)
	}
	if err != nil {
		os.Remove(path + part)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir has the names in a folder on the disk. A file system that cannot do so for
// folders does it by itself, or not at all.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// profileName is what the name of a profile may be: a file's, and no path.
var profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// profileExtension is of profiles as pprof reads them.
const profileExtension = ".pb.gz"

// AddProfile keeps a profile of the target in an archive, as pprof reads it.
func AddProfile(dir, name string, data []byte) error {
	if !profileName.MatchString(name) {
		return fmt.Errorf("profile %q: no name of a file", name)
	}
	to := filepath.Join(dir, ProfilesDir)
	if err := os.MkdirAll(to, dirPerm); err != nil {
		return fmt.Errorf("keep the profile %s: %w", name, err)
	}
	err := replace(filepath.Join(to, name+profileExtension), func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the profile %s: %w", name, err)
	}
	return nil
}

// Profiles are the paths of the profiles of the archive by their names.
func (r *Run) Profiles() (map[string]string, error) {
	dir := filepath.Join(r.dir, ProfilesDir)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, r.reading(err)
	}
	paths := map[string]string{}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), profileExtension); ok && e.Type().IsRegular() {
			paths[name] = filepath.Join(dir, e.Name())
		}
	}
	return paths, nil
}

package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Names in the folder of an archive.
const (
	infoFile     = "run.json"
	requestsFile = "requests.parquet"
	runtimeFile  = "runtime.parquet"
	logsFile     = "logs.parquet"
	// ProfilesDir is the folder of profiles that were taken during the run.
	ProfilesDir = "profiles"

	// Folders of segments: files of about a second each, until they are compacted.
	recordsDir = "segments/records"
	joinedDir  = "segments/joined"
	runtimeDir = "segments/runtime"
	logsDir    = "segments/logs"
	segments   = "segments"

	extension = ".parquet"
	// part ends the name of a file that is being written.
	part = ".part"
)

// Permissions: an archive is its owner's alone.
const (
	filePerm = 0o600
	dirPerm  = 0o700
)

// segmentsIn a folder are its finished segments, in the order in which they were written.
func segmentsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), extension) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths, nil
}

// either is the compacted file alone, if it is there, or else the segments.
func (r *Run) either(compacted, segments string) (paths []string, isCompacted bool, err error) {
	path := filepath.Join(r.dir, compacted)
	switch _, err := os.Stat(path); {
	case err == nil:
		return []string{path}, true, nil
	case !errors.Is(err, fs.ErrNotExist):
		return nil, false, err
	}
	paths, err = segmentsIn(filepath.Join(r.dir, segments))
	return paths, false, err
}

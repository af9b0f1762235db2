package summaryfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/loadtrace/loadtrace/loadgen/pace"
	"github.com/loadtrace/loadtrace/loadgen/summary"
)

// Bounds of what is read.
const (
	maxFile    = 64 << 20  // bytes of a file
	maxAll     = 512 << 20 // bytes of all files
	maxAttacks = 1000      // of a summary, as of a plan
	maxObjects = 300_000   // of JSON in a file: {} takes kilobytes when it is decoded
)

// Reader reads summaries until a bound is reached.
type Reader struct {
	stdin io.Reader
	all   int64 // bytes read
	found []summary.Input
}

// NewReader reads from stdin where a path is -.
func NewReader(stdin io.Reader) *Reader { return &Reader{stdin: stdin} }

// Read returns the summaries of all paths, in their order: of a directory those of its
// *.json files. Errors name the file, and there is one for each that cannot be read.
func (r *Reader) Read(paths []string) ([]summary.Input, error) {
	var faults []error
	for _, path := range paths {
		if err := r.path(path); err != nil {
			faults = append(faults, err)
		}
	}
	const most = 20
	if n := len(faults); n > most {
		faults = append(faults[:most:most], fmt.Errorf("and %d more", n-most))
	}
	return r.found, errors.Join(faults...)
}

func (r *Reader) path(path string) error {
	if path == "-" {
		return r.stream("standard input", r.stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return r.file(path)
	}
	names, err := filepath.Glob(filepath.Join(escaped(path), "*.json"))
	if err != nil || len(names) == 0 {
		return fmt.Errorf("%s has no *.json files: name the directory or the files with the summaries of the shards", path)
	}
	if len(names) > pace.MaxShards {
		return fmt.Errorf("%s has %d *.json files; a run has at most %d shards", path, len(names), pace.MaxShards)
	}
	var faults []error
	for _, name := range names {
		faults = append(faults, r.file(name))
	}
	return errors.Join(faults...)
}

// escaped is a path as a pattern of itself.
func escaped(path string) string {
	var out []byte
	for i := range len(path) {
		if bytes.IndexByte([]byte(`*?[\`), path[i]) >= 0 {
			out = append(out, '\\')
		}
		out = append(out, path[i])
	}
	return string(out)
}

func (r *Reader) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return r.stream(path, f)
}

// stream reads all summaries of a stream. Between them there may be lines that begin
// otherwise than JSON, such as those of a log.
func (r *Reader) stream(name string, from io.Reader) error {
	src, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if r.all += int64(len(src)); r.all > maxAll {
		return fmt.Errorf("%s is not read: all summaries together are longer than %d MiB", name, maxAll>>20)
	}
	if len(src) > maxFile {
		return fmt.Errorf("%s is longer than %d MiB", name, maxFile>>20)
	}
	if n := bytes.Count(src, []byte("{")); n > maxObjects {
		return fmt.Errorf("%s is no summary of a run: it has more than %d objects", name, maxObjects)
	}
	found := 0
	for {
		rest := skip(src)
		if len(rest) == 0 {
			break
		}
		one, read, err := parse(rest)
		if err != nil {
			return fmt.Errorf("%s is no summary of a run: %w", name, err)
		}
		found++
		from := name
		if found > 1 {
			from = fmt.Sprintf("%s (%d)", name, found)
		}
		if len(r.found) >= 2*pace.MaxShards {
			return fmt.Errorf("%s: more than %d summaries", name, 2*pace.MaxShards)
		}
		r.found = append(r.found, summary.Input{From: from, Summary: one})
		src = rest[read:]
	}
	if found == 0 {
		return fmt.Errorf("%s has no summary of a run; write one with loadtrace run --json", name)
	}
	return nil
}

// skip leaves out blank lines and those that begin otherwise than an object.
func skip(src []byte) []byte {
	for {
		src = bytes.TrimLeft(src, " \t\r\n")
		if len(src) == 0 || src[0] == '{' {
			return src
		}
		end := bytes.IndexByte(src, '\n')
		if end < 0 {
			return nil
		}
		src = src[end+1:]
	}
}

// parse decodes the summary that src begins with, and returns its length.
func parse(src []byte) (*summary.Summary, int, error) {
	d := json.NewDecoder(bytes.NewReader(src))
	var text json.RawMessage
	if err := d.Decode(&text); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, 0, errors.New("it is truncated")
		}
		return nil, 0, err
	}
	var few struct {
		RunID   string            `json:"run_id"`
		Attacks []json.RawMessage `json:"attacks"`
	}
	if err := json.Unmarshal(text, &few); err != nil {
		return nil, 0, err
	}
	switch {
	case few.RunID == "" || len(few.Attacks) == 0:
		return nil, 0, errors.New("it has no run_id or no attacks; write one with loadtrace run --json")
	case len(few.Attacks) > maxAttacks:
		return nil, 0, fmt.Errorf("it has more than %d attacks", maxAttacks)
	}
	var s summary.Summary
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, 0, err
	}
	return &s, int(d.InputOffset()), nil
}

package infile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// TooLong is the error of a file that holds more than its limit.
type TooLong struct {
	Path string
	Most int64 // in bytes
}

func (e *TooLong) Error() string {
	return fmt.Sprintf("%s is longer than %s", e.Path, size(e.Most))
}

// Advice is the fix of an error of Read or Check, for the user who named the file.
func Advice(err error) string {
	if _, ok := errors.AsType[*TooLong](err); ok {
		return "name a shorter one"
	}
	return "name a file that can be read"
}

// Read returns what a file holds: most bytes, or a *TooLong. When ctx ends it returns
// at once, with the cause.
//
// Subtle: opening a pipe that has no writer, and reading a terminal, cannot be called
// off. What does that is then left behind, until the file gives way or the process ends.
func Read(ctx context.Context, path string, most int64) ([]byte, error) {
	return within(ctx, path, func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		defer context.AfterFunc(ctx, func() { f.Close() })()
		return upTo(f, path, most)
	})
}

// ReadFrom is Read of a file that is open already and stays so, such as standard input.
func ReadFrom(ctx context.Context, src io.Reader, name string, most int64) ([]byte, error) {
	return within(ctx, name, func() ([]byte, error) { return upTo(src, name, most) })
}

// upTo reads one byte more than is allowed at most, to see whether there is one.
func upTo(src io.Reader, name string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(src, most+1))
	if err == nil && int64(len(text)) > most {
		return nil, &TooLong{name, most}
	}
	return text, err
}

// within leaves read behind when ctx ends first.
func within(ctx context.Context, name string, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	if ctx.Err() != nil {
		return nil, ended(ctx, name)
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		if ctx.Err() != nil && r.err != nil { // its file was closed for that
			return nil, ended(ctx, name)
		}
		return r.text, r.err
	case <-ctx.Done():
		return nil, ended(ctx, name)
	}
}

func ended(ctx context.Context, name string) error {
	return fmt.Errorf("read %s: %w", name, context.Cause(ctx))
}

// Check reports whether a regular file can be read and keeps to its limit. Another file
// is not opened, since opening a pipe waits for its writer.
func Check(path string, most int64) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return &os.PathError{Op: "read", Path: path, Err: os.ErrInvalid}
	case !info.Mode().IsRegular():
		return nil
	case info.Size() > most:
		return &TooLong{path, most}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

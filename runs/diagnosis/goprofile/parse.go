package goprofile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/google/pprof/profile"

	"github.com/loadtrace/loadtrace/runs/diagnosis"
)

// Bounds of a profile.
const (
	// MaxBytes bounds what is read of an answer, in bytes as they come.
	MaxBytes = 16 << 20
	// maxUnpacked bounds a profile when it is unpacked, in bytes.
	maxUnpacked = 64 << 20
	// mostFrames bounds the calls of a stack.
	mostFrames = 128
)

// parse reads a profile. It says what is wrong with one that is none.
func parse(data []byte) (*profile.Profile, error) {
	if len(data) > 2 && data[0] == 0x1f && data[1] == 0x8b {
		unpacked, err := unpack(data)
		if err != nil {
			return nil, err
		}
		data = unpacked
	}
	p, err := profile.ParseUncompressed(data)
	if err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	if len(p.SampleType) == 0 {
		return nil, errors.New("read a profile: it has no types of samples")
	}
	for _, s := range p.Sample {
		if len(s.Value) != len(p.SampleType) {
			return nil, errors.New("read a profile: a sample has not a value for each type")
		}
	}
	return p, nil
}

func unpack(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack a profile: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	if err != nil {
		return nil, fmt.Errorf("unpack a profile: %w", err)
	}
	if len(out) > maxUnpacked {
		return nil, fmt.Errorf("unpack a profile: it is larger than %d MiB", maxUnpacked>>20)
	}
	return out, nil
}

// stackOf a sample, the innermost call first, with what was inlined.
func stackOf(s *profile.Sample) (stack diagnosis.Stack) {
	for _, location := range s.Location {
		for _, line := range location.Line {
			if line.Function == nil || len(stack) == mostFrames {
				continue
			}
			stack = append(stack, diagnosis.Frame{Function: ending(line.Function.Name), File: ending(line.Function.Filename), Line: int(line.Line)})
		}
	}
	return stack
}

// mostName bounds a name, in bytes. Those of generic functions may be long.
const mostName = 512

// ending shortens a name to its end, which tells functions and files apart.
func ending(name string) string { return strings.ToValidUTF8(name[max(0, len(name)-mostName):], "") }

// column of a type of samples; the last if there is none of that name.
func column(p *profile.Profile, name string) int {
	for i, t := range p.SampleType {
		if t.Type == name {
			return i
		}
	}
	return len(p.SampleType) - 1
}

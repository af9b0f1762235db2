package target

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// readVars reads memstats of expvar, and skips all other variables. Variables
// print themselves, so not all of them are JSON: an expvar.Float may be NaN or
// +Inf.
func readVars(r io.Reader) (*Memory, error) {
	var all bytes.Buffer
	all.Grow(usualVars)
	if _, err := all.ReadFrom(r); err != nil {
		return nil, err
	}
	text := withoutInfinities(all.Bytes())
	m, err := findMemstats(text)
	var p *problem
	if err == nil || !errors.As(err, &p) {
		return m, err
	}
	// A variable before memstats may print anything.
	for range memstatsTried {
		_, behind, there := bytes.Cut(text, []byte(`"memstats":`))
		if !there {
			break
		}
		if m, err := decodeMemstats(json.NewDecoder(bytes.NewReader(behind))); err == nil {
			return m, nil
		}
		text = behind
	}
	return nil, err
}

// usualVars is how long the page of a service is that publishes little of its own, in bytes.
const usualVars = 12 << 10

// memstatsTried bounds the places in a broken text at which memstats is tried.
const memstatsTried = 8

// withoutInfinities writes null for numbers that JSON does not have, outside of
// strings.
func withoutInfinities(text []byte) []byte {
	if !bytes.Contains(text, []byte("NaN")) && !bytes.Contains(text, []byte("Inf")) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		n, null := 1, false
		switch text[i] {
		case '"':
			n = quotedLen(text[i:])
		case 'N', 'I', '+', '-':
			if l := infinityLen(text[i:]); l > 0 {
				n, null = l, true
			}
		}
		if null {
			out = append(out, "null"...)
		} else {
			out = append(out, text[i:i+n]...)
		}
		i += n
	}
	return out
}

func quotedLen(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func infinityLen(text []byte) int {
	for _, s := range []string{"NaN", "+Inf", "-Inf", "Inf"} {
		if bytes.HasPrefix(text, []byte(s)) {
			return len(s)
		}
	}
	return 0
}

func findMemstats(text []byte) (*Memory, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, unexpected(err, "is no JSON object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, unexpected(err, "is no JSON object")
		}
		if key != "memstats" {
			var skipped json.RawMessage
			if err := d.Decode(&skipped); err != nil {
				return nil, unexpected(err, "is no JSON object")
			}
			continue
		}
		return decodeMemstats(d)
	}
	return nil, problemf(ReasonNotFound, "has no memstats")
}

func decodeMemstats(d *json.Decoder) (*Memory, error) {
	var v struct {
		Sys, HeapReleased, HeapAlloc, StackInuse, TotalAlloc, Mallocs, NextGC, NumGC, LastGC, PauseTotalNs *uint64
		GCCPUFraction                                                                                      *float64
	}
	if err := d.Decode(&v); err != nil {
		return nil, unexpected(err, "has memstats of another form")
	}
	m := &Memory{
		Sys: v.Sys, HeapReleased: v.HeapReleased, HeapAlloc: v.HeapAlloc, StackInuse: v.StackInuse, TotalAlloc: v.TotalAlloc,
		Mallocs: v.Mallocs, NextGC: v.NextGC, NumGC: v.NumGC, LastGC: known(nanoseconds(v.LastGC)), PauseTotal: nanoseconds(v.PauseTotalNs),
		GCCPUFraction: v.GCCPUFraction,
	}
	if m.Sys == nil {
		return nil, problemf(ReasonFormat, "has memstats without Sys")
	}
	return m, nil
}

// unexpected keeps faults of reading as they are: a timeout is no bad format.
func unexpected(err error, what string) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if err == nil || errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return problemf(ReasonFormat, "%s", what)
	}
	return err
}

func nanoseconds(n *uint64) *float64 {
	if n == nil {
		return nil
	}
	s := float64(*n) / 1e9
	return &s
}

// known is a time, which the runtime has as 0 before there was any.
func known(seconds *float64) *float64 {
	if seconds == nil || !(*seconds > 0) {
		return nil
	}
	return seconds
}

// readHeap reads the memory statistics at the end of a heap profile as text:
//
//	# runtime.MemStats
//	# Sys = 12345
//	# Stack = 65536 / 65536
//	# PauseNs = [1 2 3 …]
func readHeap(r io.Reader) (*Memory, error) {
	m := &Memory{}
	integers := map[string]**uint64{
		"Sys": &m.Sys, "HeapReleased": &m.HeapReleased, "HeapAlloc": &m.HeapAlloc, "Stack": &m.StackInuse,
		"TotalAlloc": &m.TotalAlloc, "Mallocs": &m.Mallocs, "NextGC": &m.NextGC, "NumGC": &m.NumGC,
	}
	var last *uint64
	integers["LastGC"] = &last
	var pauses string
	lines := bufio.NewReaderSize(r, 16<<10)
	for {
		line, err := shortLine(lines)
		if key, value, ok := strings.Cut(strings.TrimPrefix(line, "# "), " = "); ok && strings.HasPrefix(line, "# ") {
			if to := integers[key]; to != nil {
				value, _, _ = strings.Cut(value, " / ")
				if n, err := strconv.ParseUint(value, 10, 64); err == nil {
					*to = &n
				}
			}
			switch key {
			case "PauseNs":
				pauses = value
			case "GCCPUFraction":
				if f, err := strconv.ParseFloat(value, 64); err == nil {
					m.GCCPUFraction = &f
				}
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if m.Sys == nil || m.NumGC == nil {
		return nil, problemf(ReasonFormat, "has no runtime.MemStats at its end")
	}
	m.LastGC = known(nanoseconds(last))
	m.PauseTotal = sumOfPauses(pauses, *m.NumGC)
	return m, nil
}

// sumOfPauses is known only as long as the ring has them all.
func sumOfPauses(ring string, cycles uint64) *float64 {
	fields := strings.Fields(strings.Trim(ring, "[]"))
	if len(fields) == 0 || cycles > uint64(len(fields)) {
		return nil
	}
	var sum uint64
	for _, f := range fields {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return nil
		}
		sum += n
	}
	return nanoseconds(&sum)
}

// shortLine reads a line; what of it does not fit the buffer is skipped.
func shortLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	text := strings.TrimSpace(string(line))
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.ReadSlice('\n')
	}
	return text, err
}

var (
	indexRow  = regexp.MustCompile(`<td>(\d+)</td>\s*<td><a href='(goroutine|threadcreate)\?debug=1'>`)
	firstText = regexp.MustCompile(`^goroutine profile: total (\d+)$`)
)

// readIndex reads the page /debug/pprof/, which has a count beside each profile.
func readIndex(r io.Reader) (goroutines, threads *uint64, err error) {
	page, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range indexRow.FindAllSubmatch(page, -1) {
		n, err := strconv.ParseUint(string(row[1]), 10, 64)
		if err != nil {
			continue
		}
		if string(row[2]) == "goroutine" {
			goroutines = &n
		} else {
			threads = &n
		}
	}
	if goroutines == nil {
		return nil, nil, problemf(ReasonHTML, "is not an index of net/http/pprof")
	}
	return goroutines, threads, nil
}

// readGoroutines reads the first line of a goroutine profile and no more of
// what may be gigabytes of stacks.
func readGoroutines(r io.Reader) (*uint64, error) {
	line, err := bufio.NewReaderSize(r, 512).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	found := firstText.FindStringSubmatch(strings.TrimSpace(line))
	if found == nil {
		return nil, problemf(ReasonFormat, "does not begin as a goroutine profile")
	}
	n, err := strconv.ParseUint(found[1], 10, 64)
	if err != nil {
		return nil, problemf(ReasonFormat, "has a count of goroutines that is none: %w", err)
	}
	return &n, nil
}

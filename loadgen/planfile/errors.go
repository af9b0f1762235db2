package planfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// maxFaults bounds how many faults are reported of one plan.
const maxFaults = 100

// Error is a fault in a plan: where, at which key, what is wrong there, and the
// fix. It unwraps to a *pace.KeyError where it has a key.
type Error struct {
	// File is the plan's file, or the KEY of the command line's KEY=VALUE. The value may be
	// a secret. It is empty for a plan without one; see Placeless.
	File string
	// Line and Column count from 1, Column in characters; both are 0 where the
	// fault has no place in the file.
	Line, Column int
	Key          string // empty for a fault of syntax
	What, Fix    string
}

func (e *Error) Error() string {
	if e.File == "" {
		return e.text()
	}
	place := plaintext.Line(e.File)
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", place, e.Line, e.Column)
	}
	return place + ": " + e.text()
}

// Unwrap returns the fault without its place.
func (e *Error) Unwrap() error {
	if e.Key == "" {
		return nil
	}
	return &pace.KeyError{Key: e.Key, What: e.What, Fix: e.Fix}
}

func (e *Error) text() string {
	text := e.What
	if e.Key != "" {
		text = e.Key + ": " + text
	}
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// faults collects what is wrong with a plan.
type faults struct {
	file      string
	placeless bool // no fault has a place in the file
	list      []*Error
	dead      []string // keys whose value could not be taken: nothing more is said of them
	over      int      // faults beyond maxFaults
	env       *given   // what variables gave
}

// at adds a fault at a place.
func (f *faults) at(p place, key, what, fix string) {
	if len(f.list) >= maxFaults {
		f.over++
		return
	}
	what, fix = f.env.hide(p.written, what, fix)
	e := &Error{File: f.file, Line: p.line, Column: p.column, Key: printable(key), What: plaintext.Line(what), Fix: plaintext.Line(fix)}
	if p.set != "" {
		key, _, _ := strings.Cut(p.set, "=")
		e.File, e.Line, e.Column = "--set "+printable(utf8text.Clip(key)), 0, 0
	}
	f.list = append(f.list, e)
}

// kill adds a fault of a key whose value is not in the plan, so that
// faults which only follow from its absence are not reported.
func (f *faults) kill(p place, key, what, fix string) {
	f.at(p, key, what, fix)
	f.dead = append(f.dead, key)
}

// addValidation adds the faults that Validate found, at their places.
func (f *faults) addValidation(root *node, err error) {
	for _, fault := range flatten(err) {
		var k *pace.KeyError
		if !errors.As(fault, &k) {
			f.at(root.place, "", fault.Error(), "")
		} else if !f.follows(k.Key) {
			f.at(root.find(k.Key), k.Key, k.What, k.Fix)
		}
	}
}

// follows reports whether a fault at a key may be due to a dead one: one of the
// two is within the other.
func (f *faults) follows(key string) bool {
	return slices.ContainsFunc(f.dead, func(dead string) bool {
		return within(key, dead) || within(dead, key)
	})
}

// within reports whether key is parent or a part of it.
func within(key, parent string) bool {
	rest, ok := strings.CutPrefix(key, parent)
	return ok && (rest == "" || parent == "" || rest[0] == '.' || rest[0] == '[')
}

// err is all faults in the order of their place, or nil.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, 0, len(f.list)+1)
	for _, e := range f.list {
		if f.placeless && e.Line > 0 {
			e.File, e.Line, e.Column = "", 0, 0
		}
		errs = append(errs, e)
	}
	if f.over > 0 {
		more := &Error{File: f.file, What: fmt.Sprintf("%d more faults", f.over), Fix: "fix these first"}
		if f.placeless {
			more.File = ""
		}
		errs = append(errs, more)
	}
	return errors.Join(errs...)
}

// flatten is the errors joined in err, in their order.
func flatten(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}

// printable replaces what would upset a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || plaintext.Visible(r) {
			return r
		}
		return '·'
	}, s)
}

// quote is a value in a message: readable, short and without control characters.
func quote(s string) string { return strconv.Quote(utf8text.Clip(s)) }

func join(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func item(parent string, i int) string { return fmt.Sprintf("%s[%d]", parent, i) }

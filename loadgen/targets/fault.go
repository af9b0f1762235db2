package targets

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/net/http/httpguts"

	"github.com/loadtrace/loadtrace/internal/plaintext"
	"github.com/loadtrace/loadtrace/internal/utf8text"
)

// maxFaults bounds how many faults are reported of one file.
const maxFaults = 100

// Fault is something wrong with a target: what, and what to write instead.
type Fault struct {
	Line      int // in the file, from 1; 0 if the fault has no line
	What, Fix string
}

// Error implements error.
func (f *Fault) Error() string {
	text := f.What
	if f.Line > 0 {
		text = fmt.Sprintf("line %d: %s", f.Line, text)
	}
	if f.Fix != "" {
		text += "; " + f.Fix
	}
	return text
}

// faults collects what is wrong with a file.
type faults struct {
	list []*Fault
	over int // faults beyond maxFaults
}

// add adds a fault; nil is none.
func (f *faults) add(line int, fault *Fault) {
	switch {
	case fault == nil:
	case len(f.list) >= maxFaults:
		f.over++
	default:
		f.list = append(f.list, &Fault{Line: line, What: plaintext.Line(fault.What), Fix: plaintext.Line(fault.Fix)})
	}
}

func (f *faults) any() bool { return len(f.list) > 0 }

// err is all faults, joined in the order of their lines, or nil.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b *Fault) int { return cmp.Compare(a.Line, b.Line) })
	var list []error
	for _, fault := range f.list {
		list = append(list, fault)
	}
	if f.over > 0 {
		list = append(list, &Fault{What: fmt.Sprintf("%d more faults", f.over), Fix: "fix these first"})
	}
	return errors.Join(list...)
}

// quote is a value in a message: readable, short and without control characters.
func quote(s string) string { return strconv.Quote(utf8text.Clip(s)) }

// named is the name of a header in a message.
func named(name string) string {
	if httpguts.ValidHeaderFieldName(name) {
		return "header " + utf8text.Clip(name)
	}
	return "header " + quote(name)
}

package foreign

import (
	"errors"
	"fmt"
	"io"
)

// maxValue bounds what one value of a file may take, in bytes: of vegeta a result with its
// body and headers, which are read and not kept.
const maxValue = 64 << 20

var errTooLong = fmt.Errorf("it is longer than %d MiB", maxValue>>20)

// allowance is a reader that gives up within a value that is too long. Subtle: decoders
// read ahead, so what is left of it is at least what they may still need.
type allowance struct {
	io.Reader
	left int64
}

// renew is called before each value.
func (a *allowance) renew() { a.left = maxValue }

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errTooLong
	}
	n, err := a.Reader.Read(p[:min(int64(len(p)), a.left)])
	a.left -= int64(n)
	return n, err
}

// Fault is what is wrong with a file, in the request of a number from 1.
type Fault struct {
	Request uint64
	// Truncated: the file ends within the request; those before it are whole.
	Truncated bool
	Err       error
}

func (f *Fault) Error() string {
	if f.Truncated {
		return fmt.Sprintf("it ends within request %d, as the file of a tool that was killed does", f.Request)
	}
	return fmt.Sprintf("request %d: %s", f.Request, f.Err)
}

func (f *Fault) Unwrap() error { return f.Err }

// fault is what a decoder found in the request after n of them. The end of the file
// before the first of them is that of a file that has none.
func fault(n uint64, err error) error {
	return &Fault{Request: n + 1, Truncated: errors.Is(err, io.ErrUnexpectedEOF), Err: err}
}

// Package reworded has an error speak in other words and stay what it is.
package reworded

// Error returns err with words for its text; errors.Is and errors.As still see err.
func Error(words string, err error) error { return reworded{words, err} }

type reworded struct {
	words string
	error
}

func (r reworded) Error() string { return r.words }
func (r reworded) Unwrap() error { return r.error }

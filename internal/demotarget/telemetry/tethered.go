package telemetry

import "io"

// tethered is a response body that lets go of its request's context when it is
// closed, and not before: the context of a request covers reading its answer.
type tethered struct {
	io.ReadCloser
	letGo func()
}

func (t *tethered) Close() error {
	err := t.ReadCloser.Close()
	t.letGo()
	return err
}

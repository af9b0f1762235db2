package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Bodies reads and writes bodies of JSON.
type Bodies interface {
	read(body io.Reader, into any) error
	write(w http.ResponseWriter, body any)
}

// Copied is the mistake: a body is read whole, made a map, written as JSON again
// and read into its struct; an answer takes the same way out, is indented for
// people who do not read it, and becomes a string and bytes in turn.
type Copied struct{}

func (Copied) read(body io.Reader, into any) error {
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	again, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	return json.Unmarshal(again, into)
}

func (Copied) write(w http.ResponseWriter, body any) {
	raw, err := json.Marshal(body)
	var fields map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	var text []byte
	if err == nil {
		text, err = json.MarshalIndent(fields, "", "    ")
	}
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// An error here is a client that went away.
	_, _ = fmt.Fprintf(w, "%s\n", string(text))
}

// Pooled is the fix: JSON is read from and written into buffers that are used
// again, which go to the connection as they are.
type Pooled struct{}

// buffer is a buffer, and an encoder that writes into it.
type buffer struct {
	bytes.Buffer
	encoder *json.Encoder
}

// maxPage bounds the buffers that are kept, in bytes; a pool of buffers that one
// large body has made large would keep them so.
const maxPage = 64 << 10

var pages = sync.Pool{New: func() any {
	p := new(buffer)
	p.encoder = json.NewEncoder(&p.Buffer)
	return p
}}

func blank() *buffer {
	p := pages.Get().(*buffer)
	p.Reset()
	return p
}

func (p *buffer) free() {
	if p.Cap() <= maxPage {
		pages.Put(p)
	}
}

func (Pooled) read(body io.Reader, into any) error {
	p := blank()
	defer p.free()
	if _, err := p.ReadFrom(body); err != nil {
		return err
	}
	return json.Unmarshal(p.Bytes(), into)
}

func (Pooled) write(w http.ResponseWriter, body any) {
	p := blank()
	defer p.free()
	if err := p.encoder.Encode(body); err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(p.Len()))
	// An error here is a client that went away.
	_, _ = w.Write(p.Bytes())
}

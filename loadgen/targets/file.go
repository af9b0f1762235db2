package targets

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/internal/infile"
)

// Target is one request of a file, which has passed all rules.
type Target struct {
	Line   int // where it begins, from 1
	Method string
	URL    *url.URL
	Header http.Header // names in their canonical form
	Body   []byte      // nil: it has none of its own
}

// Options configure how a file is read.
type Options struct {
	Format  loadgen.TargetsFormat // the http format unless it is json
	Dir     string                // to which names of body files are relative
	Literal bool                  // {{…}} and ${…} are sent as they are
	Context context.Context       // ends the reading of body files; nil never does
}

func (o *Options) context() context.Context {
	if o.Context == nil {
		return context.Background()
	}
	return o.Context
}

// Read reads all targets of a file of at most 256 MiB, with bodies of at most 1 GiB.
// Faults are *Fault values with their line, joined; there are no targets then.
func Read(src io.Reader, o Options) ([]Target, error) {
	f := &file{options: o, bodies: map[string][]byte{}, lines: lines{src: bufio.NewReader(&bounded{src, infile.MaxTargets})}}
	example := "GET http://127.0.0.1:8080/"
	if o.Format == loadgen.TargetsJSON {
		example = exampleJSON
		f.readJSON(maxObject)
	} else {
		f.readHTTP()
	}
	if err := f.lines.err; err != nil {
		f.faults.add(f.lines.n, &Fault{What: err.Error()})
	}
	if !f.faults.any() && len(f.targets) == 0 {
		f.faults.add(0, &Fault{What: "no targets", Fix: "write one such as " + example})
	}
	if err := f.faults.err(); err != nil {
		return nil, err
	}
	return f.targets, nil
}

// maxBodies bounds what all body files of a targets file hold, in bytes. One that several
// targets name counts once.
const maxBodies = 1 << 30

// file is a file being read.
type file struct {
	options Options
	lines   lines
	faults  faults
	targets []Target
	bodies  map[string][]byte // what body files hold, by path
	held    int64             // bytes in them
}

// bounded is a file that must not hold more than left bytes.
type bounded struct {
	io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

var errTooLong = fmt.Errorf("the file is longer than %d MiB; split it, and give each part an attack", infile.MaxTargets>>20)

// draft is a target being read.
type draft struct {
	Target
	bad bool // it has a fault, and is not a target
}

func (f *file) fault(t *draft, line int, fault *Fault) bool {
	if fault == nil {
		return false
	}
	f.faults.add(line, fault)
	if t != nil {
		t.bad = true
	}
	return true
}

// finish takes a target that is whole.
func (f *file) finish(t *draft) {
	if t != nil && !t.bad {
		f.targets = append(f.targets, t.Target)
	}
}

// literal refuses what would be sent as it is, unless that is wanted.
func (f *file) literal(text string) *Fault {
	if f.options.Literal {
		return nil
	}
	return CheckLiteral(text)
}

func (f *file) method(t *draft, line int, method string) {
	t.Method = method
	if fault := CheckMethod(method); fault != nil {
		f.fault(t, line, &Fault{What: "method " + fault.What, Fix: fault.Fix})
	}
}

func (f *file) url(t *draft, line int, text string) {
	if f.fault(t, line, f.literal(text)) {
		return
	}
	u, fault := ParseURL(text)
	f.fault(t, line, fault)
	t.URL = u
}

// header adds a header to a target. Two of one name, in whatever case, are two
// values of it.
func (f *file) header(t *draft, line int, name, value string) {
	canonical := http.CanonicalHeaderKey(name)
	fault := f.literal(name + ": " + value)
	if fault == nil {
		fault = CheckHeader(name, value)
	}
	if fault == nil && onlyOnce(canonical) && len(t.Header[canonical]) > 0 {
		fault = &Fault{What: "is there twice", Fix: "remove one of the two"}
	}
	if fault != nil {
		what := named(name) + ": " + fault.What
		if strings.HasPrefix(fault.What, quote(name)) {
			what = "header " + fault.What
		}
		f.fault(t, line, &Fault{What: what, Fix: fault.Fix})
		return
	}
	t.Header[canonical] = append(t.Header[canonical], textproto.TrimString(value))
}

// bodyFile gives a target the body that a file holds.
func (f *file) bodyFile(t *draft, line int, name string) {
	if name == "" {
		f.fault(t, line, &Fault{What: "@ without the name of a file", Fix: "write @ and the name of the body's file"})
		return
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(f.options.Dir, path)
	}
	body, known := f.bodies[path]
	if !known {
		var err error
		if body, err = infile.Read(f.options.context(), path, min(infile.MaxBody, maxBodies-f.held)); err != nil {
			fix := infile.Advice(err) + "; names are relative to the folder of the targets file"
			if _, long := errors.AsType[*infile.TooLong](err); long {
				fix = fmt.Sprintf("a body has at most %d MiB, and all of a targets file together %d MiB", infile.MaxBody>>20, maxBodies>>20)
			}
			f.fault(t, line, &Fault{What: "body: " + err.Error(), Fix: fix})
			return
		}
		f.bodies[path] = body
		f.held += int64(len(body))
	}
	f.body(t, line, body)
}

func (f *file) body(t *draft, line int, body []byte) {
	if !f.options.Literal {
		if fault := CheckBody(body); fault != nil {
			f.fault(t, line, &Fault{What: "body: " + fault.What, Fix: fault.Fix})
		}
	}
	t.Body = body
}

// lines reads a file line by line.
type lines struct {
	src *bufio.Reader
	n   int   // of the last line, from 1
	err error // why no more could be read, unless the file was at its end
}

// errUTF16 is of a file that some editors and shells write.
var errUTF16 = errors.New("is UTF-16; save the file as UTF-8")

// next returns the next line without its end, or reports that there is none. A
// line of more than most bytes is cut there, and long is true.
func (l *lines) next(most int) (line []byte, long, ok bool) {
	if l.n == 0 && !l.begin() {
		return nil, false, false
	}
	for {
		part, err := l.src.ReadSlice('\n')
		if len(part) == 0 && len(line) == 0 && err != nil {
			if err != io.EOF {
				l.err = err
			}
			return nil, false, false
		}
		if keep := most + len("\r\n") - len(line); len(part) > keep {
			part, long = part[:keep], true
		}
		line = append(line, part...)
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			l.err = err
		}
		l.n++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		return line, long || len(line) > most, true
	}
}

// begin takes the byte order mark that some editors write.
func (l *lines) begin() bool {
	head, _ := l.src.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte("\ufeff")):
		l.src.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		l.n, l.err = 1, errUTF16
		return false
	}
	return true
}

// checkText refuses a line that cannot be read.
func checkText(line []byte, long bool, most int) *Fault {
	switch {
	case long:
		return &Fault{What: fmt.Sprintf("longer than %d bytes", most), Fix: "put the body into a file and write @file"}
	case !utf8.Valid(line):
		return &Fault{What: "is not UTF-8", Fix: "save the file as UTF-8; in a URL write other bytes as %XX"}
	}
	return nil
}

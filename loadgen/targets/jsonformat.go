package targets

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxObject bounds a target of the json format, in bytes: its body is within it.
const maxObject = 128 << 20

const exampleJSON = `{"method": "GET", "url": "http://127.0.0.1:8080/"}`

// jsonKeys are those of a target.
var jsonKeys = []string{"method", "url", "header", "body"}

// jsonFormat reads vegeta's json format: an object for each target, which begins
// on a line of its own. It may take several lines.
type jsonFormat struct {
	*file
	most  int     // bytes of an object
	open  []byte  // the lines of the object that is not yet whole
	first int     // the line on which it begins
	depth nesting // of its end
	skip  bool    // what is left of an object that is none
}

func (f *file) readJSON(most int) {
	j := &jsonFormat{file: f, most: most}
	for {
		raw, long, ok := f.lines.next(most)
		if !ok || !j.line(raw, long) {
			break
		}
	}
	j.unclosed()
}

// line takes a line. It reports whether the lines after it are worth reading.
func (j *jsonFormat) line(raw []byte, long bool) bool {
	if bytes.HasPrefix(raw, []byte("{")) { // nothing within an object begins so, in any usual layout
		j.unclosed()
		j.skip = false
	}
	if len(j.open) == 0 {
		switch text := bytes.TrimSpace(raw); {
		case j.skip || len(text) == 0:
			return true
		case text[0] != '{':
			return j.notAnObject(text)
		}
		j.first = j.lines.n
	}
	if long || len(j.open)+len(raw) > j.most {
		j.faults.add(j.first, &Fault{What: fmt.Sprintf("longer than %d bytes", j.most), Fix: "put the body into a file and use the http format"})
		j.close()
		j.skip = true
		return true
	}
	j.open = append(append(j.open, raw...), '\n')
	if j.depth.add(raw) {
		j.skip = !j.object(j.open, j.first)
		j.close()
	}
	return true
}

// close forgets the object that was read.
func (j *jsonFormat) close() { j.open, j.depth = j.open[:0], nesting{} }

// unclosed reports an object whose end has not come, if one is open.
func (j *jsonFormat) unclosed() {
	if len(j.open) > 0 {
		j.faults.add(j.first, &Fault{What: "the object that begins here is not closed", Fix: "write } at its end"})
		j.close()
	}
}

// notAnObject reports a line that begins no target, and whether the lines after it
// are worth reading.
func (f *file) notAnObject(text []byte) bool {
	_, _, target := startsTarget(string(text), false)
	switch {
	case text[0] == '[':
		f.faults.add(f.lines.n, &Fault{What: "is a list", Fix: "write one object after another, without [ ] and commas: jq -c '.[]' makes them of a list"})
		return false
	case target:
		f.faults.add(f.lines.n, &Fault{What: "is no JSON object", Fix: "write " + exampleJSON + ", or format: http below targets in the plan"})
		return false
	}
	f.faults.add(f.lines.n, &Fault{What: "is no JSON object", Fix: "write one such as " + exampleJSON})
	return true
}

// nesting finds the end of an object.
type nesting struct{ depth int }

// add takes a line and reports whether nothing is open any more, or whether the
// object has gone wrong: a text does not go on in the next line.
func (n *nesting) add(line []byte) bool {
	text, escaped := false, false
	for _, c := range line {
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			n.depth++
		case c == '}' || c == ']':
			n.depth--
		}
	}
	return text || n.depth <= 0
}

// object reads a target. It reports whether it was JSON.
func (f *file) object(src []byte, line int) bool {
	if fault := checkText(src, false, maxObject); fault != nil {
		f.faults.add(line+bytes.Count(src[:badByte(src)], []byte("\n")), fault)
		return true
	}
	o := &object{file: f, draft: draft{Target: Target{Line: line, Header: http.Header{}}}}
	var method, url value
	rest, at, err := members(src, line, o.once(func(key string, v value) {
		switch key {
		case "method":
			method = v
		case "url":
			url = v
		case "body":
			o.readBody(v)
		case "header":
			o.readHeader(v)
		default:
			o.unknown(key, v.line)
		}
	}))
	if err != nil {
		f.faults.add(at, &Fault{What: "is no JSON: " + err.Error(), Fix: "write one object for each target, such as " + exampleJSON})
		return false
	}
	if len(rest) > 0 {
		o.refuse(at, "there is more after the object", "write each object on a line of its own, without commas between")
	}
	if text, ok := o.required("method", method, `"method": "GET"`); ok {
		o.method(&o.draft, method.line, text)
	}
	if text, ok := o.required("url", url, `"url": "http://127.0.0.1:8080/"`); ok {
		o.url(&o.draft, url.line, text)
	}
	f.finish(&o.draft)
	return true
}

// badByte is where a text stops being UTF-8.
func badByte(src []byte) int {
	return len(src) - len(bytes.TrimLeftFunc(src, func(r rune) bool { return r != utf8.RuneError }))
}

// value is the value of a key.
type value struct {
	raw  json.RawMessage
	line int
}

// kind is what a value is, in words.
func (v value) kind() string {
	switch v.raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// members calls each for the members of the object with which src begins, in
// their order. line is the first of src. It returns what stands after the object,
// and the line that it came to.
func members(src []byte, line int, each func(key string, v value)) (rest []byte, at int, err error) {
	d := json.NewDecoder(bytes.NewReader(src))
	counted := 0
	lineAt := func(offset int64) int {
		to := min(max(int(offset), counted), len(src))
		line += bytes.Count(src[counted:to], []byte("\n"))
		counted = to
		return line
	}
	err = func() error {
		if _, err := d.Token(); err != nil { // {
			return err
		}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return err
			}
			v := value{line: lineAt(d.InputOffset())}
			if err := d.Decode(&v.raw); err != nil {
				return err
			}
			each(key.(string), v)
		}
		_, err := d.Token() // }
		return err
	}()
	end := d.InputOffset()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, lineAt(max(end, syntax.Offset-1)), err
	case err != nil: // the text was whole, so it is its end
		return nil, lineAt(int64(len(src) - 1)), errors.New("it ends too early")
	}
	return bytes.TrimSpace(src[end:]), lineAt(end), nil
}

// object is a target of the json format being read.
type object struct {
	*file
	draft
}

func (o *object) refuse(line int, what, fix string) {
	o.fault(&o.draft, line, &Fault{What: what, Fix: fix})
}

// once refuses a key that is there twice: JSON does not say which of the two
// counts.
func (o *object) once(each func(key string, v value)) func(key string, v value) {
	seen := map[string]bool{}
	return func(key string, v value) {
		if seen[key] {
			o.refuse(v.line, "key "+quote(key)+" is there twice", "remove one of the two")
			return
		}
		seen[key] = true
		each(key, v)
	}
}

func (o *object) unknown(key string, line int) {
	fix := "the keys here are " + strings.Join(jsonKeys, ", ")
	for _, known := range jsonKeys {
		if strings.EqualFold(key, known) || strings.EqualFold(key, known+"s") {
			fix = "did you mean " + known + "?"
		}
	}
	o.refuse(line, "unknown key "+quote(key), fix)
}

// required is the text of a key that a target must have.
func (o *object) required(key string, v value, example string) (string, bool) {
	if len(v.raw) == 0 || v.raw[0] == 'n' || string(v.raw) == `""` {
		o.refuse(max(v.line, o.Line), key+" is missing", "write it, such as "+example)
		return "", false
	}
	return o.text(key, v, "write a text")
}

// text reads a value that must be a text. JSON can escape half of a character,
// of which Go would make another.
func (o *object) text(key string, v value, fix string) (string, bool) {
	if v.raw[0] != '"' {
		o.refuse(v.line, key+" is "+v.kind(), fix)
		return "", false
	}
	var text string
	if err := json.Unmarshal(v.raw, &text); err != nil || strings.ContainsRune(text, utf8.RuneError) {
		o.refuse(v.line, key+" has a character that cannot be read", "write it as it is, in UTF-8")
		return "", false
	}
	return text, true
}

// readBody takes null and an empty text as no body, as vegeta does.
func (o *object) readBody(v value) {
	const fix = `write its base64, such as jq's '.body |= @base64' makes`
	if v.raw[0] == 'n' {
		return
	}
	text, ok := o.text("body", v, fix)
	if !ok || text == "" {
		return
	}
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		o.refuse(v.line, "body is no base64: "+err.Error(), fix)
		return
	}
	o.body(&o.draft, v.line, body)
}

func (o *object) readHeader(v value) {
	const fix = `write one such as {"Accept": ["text/html"]}`
	if v.raw[0] == 'n' {
		return
	}
	if v.raw[0] != '{' {
		o.refuse(v.line, "header is "+v.kind(), fix)
		return
	}
	_, at, err := members(v.raw, v.line, o.once(o.readValues))
	if err != nil { // it was decoded before, so this is not expected
		o.refuse(at, "header is no JSON: "+err.Error(), fix)
	}
}

// readValues reads the list of a header's values.
func (o *object) readValues(name string, v value) {
	var list []json.RawMessage
	if v.raw[0] != '[' {
		o.refuse(v.line, named(name)+" is "+v.kind(), `write a list, such as "Accept": ["text/html"]`)
		return
	}
	if err := json.Unmarshal(v.raw, &list); err != nil || len(list) == 0 {
		o.refuse(v.line, named(name)+" has no value", `write [""] for an empty one, or leave it out`)
		return
	}
	for _, raw := range list {
		if text, ok := o.text("a value of "+named(name), value{raw, v.line}, "write a text"); ok {
			o.file.header(&o.draft, v.line, name, text)
		}
	}
}

package targets

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/internal/utf8text"
	"github.com/loadtrace/loadtrace/loadgen"
)

func TestEachFaultOfTheHTTPFormatNamesItsLineAndTheFix(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	write("template.json", `{"id": "{{newUUID}}"}`)
	write("variable.json", `{"id": "${env:ID}", "ok": "${ID}"}`)
	for src, want := range faultsOfHTTP(dir) {
		t.Run(utf8text.Clip(src), func(t *testing.T) {
			assert.Equal(t, want, ours(src, Options{Dir: dir}))
		})
	}
}

// faultsOfHTTP are files with faults.
func faultsOfHTTP(dir string) map[string][]string {
	const (
		get     = "GET http://h/\n"
		headers = "line 2: header "
		owner   = "; leave it out"
		hint    = "; write one such as GET http://127.0.0.1:8080/"
		methods = " is not supported; write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE"
		example = "; write one such as http://127.0.0.1:8080/path"
		inline  = ": a body cannot stand in the file; put it into a file of its own and write @file, or use the json format"
		invalid = " is not the name of a header; use letters, digits and -"
		chars   = "its value has characters that no header may have; write text on one line"
		literal = "; write what is meant, or literal: true below http to send it so"
		replace = " would be sent as it is: variables are replaced in the plan only; write the value, or a header in the plan, or literal: true below http to send it so"
		stray   = " is not a target; write a method and a URL, such as GET http://127.0.0.1:8080/"
		pseudo  = " is a pseudo header of HTTP/2, which follows from method and URL; leave it out, or write Host for another authority"
	)
	return map[string][]string{
		"":                     {"no targets" + hint},
		"\n \r\n# a comment\n": {"no targets" + hint},
		"\ufeff":               {"no targets" + hint},

		"GET\n":                            {"line 1: method GET has no URL; write it on the same line"},
		"http://h/\n":                      {"line 1: a URL without a method; write GET before it"},
		"get http://h/\n":                  {`line 1: method "get"` + methods},
		"BREW http://h/\n":                 {`line 1: method "BREW"` + methods},
		"BREW /pot\n":                      {`line 1: method "BREW"` + methods, `line 1: "/pot" does not begin with http:// or https://` + example},
		"GET /path\n":                      {`line 1: "/path" does not begin with http:// or https://` + example},
		"GET ftp://h/\n":                   {`line 1: "ftp://h/" does not begin with http:// or https://` + example},
		"GET http:///path\n":               {`line 1: "http:///path" has no host` + example},
		"GET http://h:0/\n":                {`line 1: port 0 is not between 1 and 65535` + example},
		"GET http://h:70000/\n":            {`line 1: port 70000 is not between 1 and 65535` + example},
		"GET http://[::1/\n":               {`line 1: "http://[::1/" is not a URL` + example},
		"GET http://a\"b/\n":               {`line 1: "http://a\"b/" has a host that is none` + example},
		"GET http://h/%zz\n":               {`line 1: "http://h/%zz" is not a URL` + example},
		"GET http://h/\x01\n":              {`line 1: "http://h/\x01" is not a URL` + example},
		"GET http://h/ HTTP/1.1\n":         {`line 1: "http://h/ HTTP/1.1" has HTTP/1.1 after it; leave that out: the plan's key protocol sets the version`},
		"GET http://h/?x=a b\n":            {`line 1: "http://h/?x=a b" has a space in it; write %20 for a space`},
		"GET http://h/a b\n":               {`line 1: "http://h/a b" has a space in it; write %20 for a space`},
		"GET http://h/a\tb\n":              {`line 1: "http://h/a\tb" has white space in it, U+0009; remove it, or write it as %XX`},
		"GET http://h/a\u00a0b\n":          {"line 1: \"http://h/a\\u00a0b\" has white space in it, U+00A0; remove it, or write it as %XX"},
		"GET http://h/1\rGET http://h/2\r": {`line 1: "http://h/1\rGET http://h/2" has white space in it, U+000D; remove it, or write it as %XX`},
		"GET http://u:secret@h/ x\n":       {`line 1: "http://h/ x" has a space in it; write %20 for a space`},
		"GET http://h/?token=secret x\n":   {`line 1: "http://h/?token=REDACTED" has a space in it; write %20 for a space`},

		get + "Host: a b\n":                           {headers + `Host: "a b" is no host; write one such as example.test`},
		get + "Host: https://api.test\n":              {headers + `Host: "https://api.test" is no host; write one such as example.test`},
		get + "Host: u@api.test\n":                    {headers + `Host: "u@api.test" is no host; write one such as example.test`},
		get + "host: a\nHOST: b\n":                    {`line 3: header HOST: is there twice; remove one of the two`},
		get + "user-agent: a\nUser-Agent: b\n":        {`line 3: header User-Agent: is there twice; remove one of the two`},
		get + "content-length: 5\n":                   {headers + "content-length: follows from the body" + owner},
		get + "CONTENT-LENGTH: 5\n":                   {headers + "CONTENT-LENGTH: follows from the body" + owner},
		get + "transfer-encoding: chunked\n":          {headers + "transfer-encoding: follows from the body" + owner},
		get + "trailer: X\n":                          {headers + "trailer: is not supported" + owner},
		get + "traceparent: 00-1-2-01\n":              {headers + "traceparent: is the generator's: it names the trace of each request" + owner},
		get + "TraceState: a=b\n":                     {headers + "TraceState: is the generator's: it names the run" + owner},
		get + "x-vegeta-seq: 1\n":                     {headers + "x-vegeta-seq: is the generator's: it numbers the requests" + owner},
		get + ":authority: other.test\n:path: /\n":    {headers + `":authority"` + pseudo, `line 3: header ":path"` + pseudo},
		get + "X A: 1\n":                              {headers + `"X A"` + invalid},
		get + "X(A): 1\n":                             {headers + `"X(A)"` + invalid},
		get + "Ünicode: 1\n":                          {headers + `"Ünicode"` + invalid},
		get + "-H 'X-A: 1'\n":                         {headers + `"-H 'X-A"` + invalid},
		get + "X-A: a\rb\n":                           {headers + "X-A: " + chars},
		get + "X-A: a\x00b\n":                         {headers + "X-A: " + chars},
		get + "X-A: \x1b[31m\n":                       {headers + "X-A: " + chars},
		get + "X-A:\n":                                {headers + "X-A has no value; write one, or remove the line; the json format has empty ones"},
		get + "Authorization Bearer secret\n":         {`line 2: a line that begins "Authorization" is neither a header nor @ with the file of a body; write Name: value, @file, or an empty line before the next target`},
		get + ": 1\n":                                 {`line 2: a line that begins ":" is neither a header nor @ with the file of a body; write Name: value, @file, or an empty line before the next target`},
		get + "get http://h/2\n":                      {`line 2: method "get"` + methods},
		get + "X-A: 1\nGET /2\n":                      {`line 3: "/2" does not begin with http:// or https://` + example},
		get + "X-A: 1\nhttps://h/2\n":                 {"line 3: a URL without a method; write GET before it"},
		get + "\nX-A: secret\n":                       {"line 3: header X-A is below no target; write it directly below the method and URL; an empty line or the body's file ends a target"},
		get + "\nnonsense of mine\n":                  {`line 3: a line that begins "nonsense"` + stray},
		get + "@none.json\n":                          {"line 2: body: open " + dir + "/none.json: no such file or directory; name a file that can be read; names are relative to the folder of the targets file"},
		get + "@\n":                                   {"line 2: @ without the name of a file; write @ and the name of the body's file"},
		get + "@/\n":                                  {"line 2: body: read /: is a directory; name a file that can be read; names are relative to the folder of the targets file"},
		get + "@template.json\n@x\nX-A: 1\n":          {`line 2: body: "{{newUUID}}" would be sent as it is: HTTP attacks have no templates` + literal, "line 3: the file of a body without a target; write a method and a URL above it; a target has one body, which ends it", "line 4: header X-A is below no target; write it directly below the method and URL; an empty line or the body's file ends a target"},
		get + "@variable.json\n":                      {`line 2: body: "${env:ID}"` + replace},
		"@x\n" + get:                                  {"line 1: the file of a body without a target; write a method and a URL above it; a target has one body, which ends it"},
		"POST http://h/\nA: 1\n\n{\n  \"a\": 1\n}\n":  {"line 4" + inline},
		"POST http://h/\n{\"a\": 1,\n \"b\": 2}\nX\n": {"line 2" + inline},
		"POST http://h/\n[1]\n\nGET http://h/2 x\n":   {"line 2" + inline, `line 4: "http://h/2 x" has a space in it; write %20 for a space`},
		"POST http://h/\n\n<a>b: c</a>\n":             {"line 3" + inline},
		"{\"method\": \"GET\", \"url\": \"http://h/\"}\n{\"method\": \"GET\", \"url\": \"http://h/2\"}\n": {"line 1: is JSON; write format: json below targets in the plan"},

		"GET http://{{.Host}}/{{ .ID }}\n":      {`line 1: "{{.Host}}" would be sent as it is: HTTP attacks have no templates` + literal},
		"GET http://h/${env:ID:-1}\n":           {`line 1: "${env:ID:-1}"` + replace},
		"GET http://h/${ID}\n":                  {`line 1: "${ID}"` + replace},
		get + "Authorization: Bearer {{token}}": {`line 2: "{{token}}" would be sent as it is: HTTP attacks have no templates` + literal},
		get + "{{range .}}\n":                   {`line 2: "{{range .}}" would be sent as it is: HTTP attacks have no templates` + literal},
		get + "X-${env:A}: 1\n":                 {`line 2: "${env:A}"` + replace},

		get + "X-A: \xfc\n": {"line 2: is not UTF-8; save the file as UTF-8; in a URL write other bytes as %XX"},
		"\xff\xfeG\x00":     {"line 1: is UTF-16; save the file as UTF-8"},
		get + "X-A: " + strings.Repeat("x", 1<<20) + "\nX B: 1\n": {"line 2: longer than 65536 bytes; put the body into a file and write @file", `line 3: header "X B"` + invalid},
	}
}

func TestEachFaultOfTheJSONFormatNamesItsLineAndTheFix(t *testing.T) {
	for src, want := range faultsOfJSON() {
		t.Run(utf8text.Clip(src), func(t *testing.T) {
			_, err := Read(strings.NewReader(src), Options{Format: loadgen.TargetsJSON})
			require.Error(t, err)
			var got []string
			for _, fault := range err.(interface{ Unwrap() []error }).Unwrap() {
				got = append(got, fault.Error())
			}
			assert.ElementsMatch(t, want, got, "faults of one line are in no order")
		})
	}
}

// faultsOfJSON are files with faults.
func faultsOfJSON() map[string][]string {
	const (
		good    = `{"method": "GET", "url": "http://h/"}` + "\n"
		hint    = `{"method": "GET", "url": "http://127.0.0.1:8080/"}`
		base    = "; write its base64, such as jq's '.body |= @base64' makes"
		missing = `line 1: url is missing; write it, such as "url": "http://127.0.0.1:8080/"`
		list    = `; write a list, such as "Accept": ["text/html"]`
	)
	header := func(h string) string { return `{"method":"GET","url":"http://h/","header":` + h + "}" }
	body := func(b string) string { return `{"method":"GET","url":"http://h/","body":` + b + "}" }
	url := func(u string) string { return `{"method":"GET","url":"` + u + `"}` }
	return map[string][]string{
		"":     {"no targets; write one such as " + hint},
		"\n\n": {"no targets; write one such as " + hint},
		"{}":   {`line 1: method is missing; write it, such as "method": "GET"`, missing},

		`{"method":"GET"}`:                       {missing},
		`{"method":"GET","url":""}`:              {missing},
		`{"method":"GET","url":null}`:            {missing},
		`{"method":"GET","url":5}`:               {"line 1: url is a number; write a text"},
		`{"method":["GET"],"url":"http://h/"}`:   {"line 1: method is a list; write a text"},
		`{"method":"GET","URL":"http://h/"}`:     {`line 1: unknown key "URL"; did you mean url?`, missing},
		`{"log":{"entries":[]}}`:                 {`line 1: unknown key "log"; the keys here are method, url, header, body`, `line 1: method is missing; write it, such as "method": "GET"`, missing},
		header(`{}`)[:33] + `,"headers":{}}`:     {`line 1: unknown key "headers"; did you mean header?`},
		header(`[{"name":"A","value":"b"}]`):     {`line 1: header is a list; write one such as {"Accept": ["text/html"]}`},
		header(`{"X-A":"1"}`):                    {"line 1: header X-A is a text" + list},
		header(`{"X-A":[1]}`):                    {"line 1: a value of header X-A is a number; write a text"},
		header(`{"X-A":[null]}`):                 {"line 1: a value of header X-A is null; write a text"},
		header(`{"X-A":["a\r\nX-B: 1"]}`):        {"line 1: header X-A: its value has characters that no header may have; write text on one line"},
		header(`{"X-A":["a\u0000"]}`):            {"line 1: header X-A: its value has characters that no header may have; write text on one line"},
		header(`{"X-A\r\nX-B":["1"]}`):           {"line 1: header \"X-A\\r\\nX-B\" is not the name of a header; use letters, digits and -"},
		header(`{"":["1"]}`):                     {`line 1: header "" is not the name of a header; use letters, digits and -`},
		header(`{":authority":["x"]}`):           {`line 1: header ":authority" is a pseudo header of HTTP/2, which follows from method and URL; leave it out, or write Host for another authority`},
		header(`{"content-length":["5"]}`):       {"line 1: header content-length: follows from the body; leave it out"},
		header(`{"Host":["a"],"host":["b"]}`):    {"line 1: header host: is there twice; remove one of the two"},
		header(`{"host":[""]}`):                  {`line 1: header host: "" is no host; write one such as example.test`},
		header(`{"X-A":["{{.ID}}"]}`):            {`line 1: header X-A: "{{.ID}}" would be sent as it is: HTTP attacks have no templates; write what is meant, or literal: true below http to send it so`},
		url("http://h/?x=a b"):                   {`line 1: "http://h/?x=a b" has a space in it; write %20 for a space`},
		url("http://h/ HTTP/1.1"):                {`line 1: "http://h/ HTTP/1.1" has HTTP/1.1 after it; leave that out: the plan's key protocol sets the version`},
		url(" http://h/"):                        {`line 1: " http://h/" has a space in it; write %20 for a space`},
		url(`http://h/\n`):                       {`line 1: "http://h/\n" has white space in it, U+000A; remove it, or write it as %XX`},
		url(`http://h/\ud800`):                   {"line 1: url has a character that cannot be read; write it as it is, in UTF-8"},
		url("http://h/\xff"):                     {"line 1: is not UTF-8; save the file as UTF-8; in a URL write other bytes as %XX"},
		body(`{"a":1}`):                          {"line 1: body is an object" + base},
		body(`"NOT BASE64"`):                     {"line 1: body is no base64: illegal base64 data at input byte 3" + base},
		body(`"e3tuZXdVVUlEfX0="`):               {`line 1: body: "{{newUUID}}" would be sent as it is: HTTP attacks have no templates; write what is meant, or literal: true below http to send it so`},
		url("http://h/1") + url("http://h/2"):    {"line 1: there is more after the object; write each object on a line of its own, without commas between"},
		url("http://h/1") + ",\n" + good:         {"line 1: there is more after the object; write each object on a line of its own, without commas between"},
		"[" + good + "]":                         {"line 1: is a list; write one object after another, without [ ] and commas: jq -c '.[]' makes them of a list"},
		"[\n  {\n    \"method\": \"POST\"\n}\n]": {"line 1: is a list; write one object after another, without [ ] and commas: jq -c '.[]' makes them of a list"},
		"GET http://h/\n\nGET http://h/\n":       {"line 1: is no JSON object; write " + hint + ", or format: http below targets in the plan"},
		"null\n\"x\"\n" + good:                   {"line 1: is no JSON object; write one such as " + hint, "line 2: is no JSON object; write one such as " + hint},
		good + "{\n":                             {"line 2: the object that begins here is not closed; write } at its end"},
		"{\"method\": \"GET\",\n" + good:         {"line 1: the object that begins here is not closed; write } at its end"},
		"{\n  \"method\": \"GET\",\n  \"url\": \"http://h/ x\",\n  \"header\": {\n    \"X-A\": [\"1\"],\n    \"x a\": [\"1\"]\n  }\n}": {`line 3: "http://h/ x" has a space in it; write %20 for a space`, `line 6: header "x a" is not the name of a header; use letters, digits and -`},
		"{\n  \"method\": \"GET\",\n  \"url\": http\n}\n" + url("http://h/ x"):                                                         {`line 3: is no JSON: invalid character 'h' looking for beginning of value; write one object for each target, such as ` + hint, `line 5: "http://h/ x" has a space in it; write %20 for a space`},
		"{\"method\": \"GET,\n\"url\": \"http://h/\"}\n":                                                                               {`line 1: is no JSON: invalid character '\n' in string literal; write one object for each target, such as ` + hint},
		"{\"method\": \"GET\", \"url\"}\n" + good:                                                                                      {`line 1: is no JSON: expected colon after object key; write one object for each target, such as ` + hint},
		"{\"method\": \"GET\", \"url\": \"http://h/\"]\n":                                                                              {`line 1: is no JSON: invalid character ']' after object key:value pair; write one object for each target, such as ` + hint},
	}
}

func TestAnObjectThatIsTooLongIsOneFault(t *testing.T) {
	long := strings.Repeat("x", 60)
	for name, object := range map[string]string{
		"on one line":      `{"method":"GET","url":"http://h/` + long + `"}`,
		"on several lines": "{\n \"method\": \"GET\",\n \"url\": \"http://h/" + long + "\",\n \"body\": \"\"\n}",
	} {
		src := object + "\n" + `{"method":"GET","url":"http://h/2"}` + "\n" + `{"method":"GET"}`
		f := &file{lines: lines{src: bufio.NewReader(strings.NewReader(src))}}
		f.readJSON(80)
		last := strings.Count(src, "\n") + 1
		assert.EqualError(t, f.faults.err(), "line 1: longer than 80 bytes; put the body into a file and use the http format\n"+
			fmt.Sprintf(`line %d: url is missing; write it, such as "url": "http://127.0.0.1:8080/"`, last), name)
		assert.Len(t, f.targets, 1, name)
	}
}

func TestAllFaultsOfAFileAreReportedUpToAHundred(t *testing.T) {
	_, err := Read(strings.NewReader(strings.Repeat("GET http://h/\nX A: 1\n\n", 300)), Options{})
	faults := err.(interface{ Unwrap() []error }).Unwrap()
	require.Len(t, faults, 101)
	assert.Equal(t, `line 299: header "X A" is not the name of a header; use letters, digits and -`, faults[99].Error())
	assert.Equal(t, "200 more faults; fix these first", faults[100].Error())
}

func TestWhatIsLiteralIsSentAsItIs(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b"), []byte("{{x}} ${env:Y}"), 0o600))
	assert.Equal(t, []string{`POST http://h/%7B%7B.ID%7D%7D?x=${env:A} X-A=["{{token}} ${B}"] body="{{x}} ${env:Y}"`},
		ours("POST http://h/{{.ID}}?x=${env:A}\nX-A: {{token}} ${B}\n@b\n", Options{Dir: dir, Literal: true}))
}

func TestABodyIsNotTakenForATemplate(t *testing.T) {
	for _, body := range []string{
		`{"a":{"b":{"c":1}}}`, `{{`, `}} {{`, `{{}}`, `a ${HOME} b`, "{{x}}\xff", "{{" + strings.Repeat("x", 300) + "}}",
	} {
		assert.Nil(t, CheckBody([]byte(body)), body)
	}
}

func TestEscapesOfAURLStandForWhatWouldBeRefused(t *testing.T) {
	assert.Equal(t, []string{`GET http://h/%7B%7Bid%7D%7D?x=a%20b&y=%24%7Benv:A%7D`}, ours("GET http://h/%7B%7Bid%7D%7D?x=a%20b&y=%24%7Benv:A%7D\n", Options{}))
}

func TestABodyFileIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b"), []byte("hello"), 0o600))
	list, err := Read(strings.NewReader(strings.Repeat("POST http://h/\n@b\n", 3)), Options{Dir: dir})
	require.NoError(t, err)
	require.Len(t, list, 3)
	assert.Same(t, &list[0].Body[0], &list[2].Body[0])
}

func TestTargetsKnowTheirLines(t *testing.T) {
	list, err := Read(strings.NewReader("\n# x\nGET http://h/\nA: b\n\nGET http://h/\n"), Options{})
	require.NoError(t, err)
	assert.Equal(t, 3, list[0].Line)
	assert.Equal(t, 6, list[1].Line)
}

func TestAFileThatCannotBeReadToItsEndIsRefused(t *testing.T) {
	for _, format := range []loadgen.TargetsFormat{loadgen.TargetsHTTP, loadgen.TargetsJSON} {
		src := "GET http://h/\n"
		if format == loadgen.TargetsJSON {
			src = `{"method":"GET","url":"http://h/"}` + "\n"
		}
		_, err := Read(io.MultiReader(strings.NewReader(src), failing{}), Options{Format: format})
		assert.ErrorContains(t, err, "the disk is gone", format)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestHeadersAreTheSameInAnyCase(t *testing.T) {
	for _, name := range []string{
		"host", "content-length", "transfer-encoding", "trailer", "traceparent", "tracestate", "x-vegeta-seq",
		"user-agent", "connection", "authorization", "baggage", "content-type", "expect", "x-any-other",
	} {
		want := ours(fmt.Sprintf("GET http://h/\n%s: x\n", http1(name)), Options{})
		for _, spelled := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			for format, src := range map[loadgen.TargetsFormat]string{
				loadgen.TargetsHTTP: fmt.Sprintf("GET http://h/\n%s: x\n", spelled),
				loadgen.TargetsJSON: fmt.Sprintf(`{"method":"GET","url":"http://h/","header":{"%s":["x"]}}`, spelled),
			} {
				got := ours(src, Options{Format: format})
				for i := range got { // faults name what was written, and where
					got[i] = strings.Replace(strings.Replace(got[i], "header "+spelled, "header "+http1(name), 1), "line 1: ", "line 2: ", 1)
				}
				assert.Equal(t, want, got, "%s in %s", spelled, format)
			}
		}
	}
}

// http1 is a name as HTTP/1.1 tools write it.
func http1(name string) string {
	words := strings.Split(name, "-")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "-")
}

func TestTheReferencesExamplesAreRead(t *testing.T) {
	text, err := os.ReadFile("../../docs/plan.md")
	require.NoError(t, err)
	for format, want := range map[loadgen.TargetsFormat]int{loadgen.TargetsHTTP: 3, loadgen.TargetsJSON: 2} {
		blocks := regexp.MustCompile("(?s)```"+string(format)+"\n(.*?)```").FindAllStringSubmatch(string(text), -1)
		require.Len(t, blocks, 1)
		list, err := Read(strings.NewReader(blocks[0][1]), Options{Format: format, Dir: "../../examples/plans"})
		require.NoError(t, err)
		assert.Len(t, list, want)
	}
}

func TestTheReferenceStatesTheBounds(t *testing.T) {
	text, err := os.ReadFile("../../docs/plan.md")
	require.NoError(t, err)
	assert.Equal(t, 65_536, maxLine)
	assert.Equal(t, 128<<20, maxObject)
	assert.Regexp(t, `A line of the .http. format has at most 65,536\s+bytes, a target of the .json. format 128 MiB`, string(text))
}

package targets

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"

	"github.com/loadtrace/loadtrace/loadgen"
)

// show is targets in a form that can be compared.
func show(method string, u *url.URL, header http.Header, body []byte) string {
	text := method + " " + u.String()
	for _, name := range slices.Sorted(maps.Keys(header)) {
		text += fmt.Sprintf(" %s=%q", name, header[name])
	}
	if len(body) > 0 {
		text += fmt.Sprintf(" body=%q", body)
	}
	return text
}

// ours is what Read makes of a file, or its faults.
func ours(src string, o Options) []string {
	list, err := Read(strings.NewReader(src), o)
	if err != nil {
		return strings.Split(err.Error(), "\n")
	}
	var out []string
	for _, t := range list {
		out = append(out, show(t.Method, t.URL, t.Header, t.Body))
	}
	return out
}

// theirs is what vegeta's own reader makes of it. Names of headers are made
// canonical, since HTTP does not distinguish them.
func theirs(src string, format loadgen.TargetsFormat) []string {
	next := vegeta.NewHTTPTargeter(strings.NewReader(src), nil, nil)
	if format == loadgen.TargetsJSON {
		next = vegeta.NewJSONTargeter(strings.NewReader(src), nil, nil)
	}
	var out []string
	for {
		var t vegeta.Target
		err := next(&t)
		if errors.Is(err, vegeta.ErrNoTargets) {
			return out
		}
		if err != nil {
			return append(out, "error: "+err.Error())
		}
		u, err := url.Parse(t.URL)
		if err != nil {
			return append(out, "error: "+err.Error())
		}
		header := http.Header{}
		for _, name := range slices.Sorted(maps.Keys(t.Header)) {
			canonical := http.CanonicalHeaderKey(name)
			header[canonical] = append(header[canonical], t.Header[name]...)
		}
		out = append(out, show(t.Method, u, header, t.Body))
	}
}

// The corpus holds the examples of vegeta's documentation and tests, and what
// tools write. Vegeta names body files relative to the working directory, so
// they are absolute here.
func TestWhatVegetaReadsIsReadAlike(t *testing.T) {
	dir := t.TempDir()
	body := filepath.Join(dir, "body.json")
	require.NoError(t, os.WriteFile(body, []byte(`{"a": {"b": 1}}`), 0o600))
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, c := range []struct {
		name, src string
		targets   int
		format    loadgen.TargetsFormat
	}{
		{name: "simple targets", targets: 3, src: "GET http://goku:9090/path/to/dragon?item=ball\nGET http://user:password@goku:9090/path/to\nHEAD http://goku:9090/path/to/success\n"},
		{name: "headers", targets: 2, src: "GET http://user:password@goku:9090/path/to\nX-Account-ID: 8675309\n\nDELETE http://goku:9090/path/to/remove\nConfirmation-Token: 90215\nAuthorization: Token DEADBEEF\n"},
		{name: "bodies", targets: 2, src: "POST http://goku:9090/things\n@" + body + "\n\nPATCH http://goku:9090/thing/71988591\n@" + body + "\n"},
		{name: "a body and headers", targets: 1, src: "POST http://goku:9090/things\nX-Account-ID: 99\n@" + body + "\n"},
		{name: "comments", targets: 1, src: "# get a dragon ball\nGET http://goku:9090/path/to/dragon?item=ball\n# specify a test account\nX-Account-ID: 99\n"},
		{name: "comments between headers", targets: 1, src: "GET http://h:8000/\n# one\nX-Header: 1\n# Another comment.\nX-Header: 2"},
		{name: "indented", targets: 3, src: "\n\t\tGET http://h:6060/\n\t\tX-Header: 1\n\t\tX-Header: 2\n\n\t\tPUT https://h:6060/123\n\t\t\n\t\tDELETE http://moo:443/boo\n"},
		{name: "many empty lines", targets: 2, src: "\n\n\nGET http://h/1\n\n\n\nGET http://h/2\n\n\n"},
		{name: "a target directly below a body", targets: 2, src: "POST http://h/1\nA: b\n@" + body + "\nGET http://h/2\n"},
		{name: "an empty body file", targets: 1, src: "POST http://h/1\n@" + empty + "\n"},
		{name: "no end of line", targets: 2, src: "GET http://h/1\n\nGET http://h/2\nX-A: 1"},
		{name: "CRLF", targets: 2, src: "GET http://h/1\r\nX-A: 1\r\nX-B: 2\r\n\r\nPOST http://h/2\r\n@" + body + "\r\n"},
		{name: "names in lower case", targets: 1, src: "GET http://h/1\ncontent-type: a/b\nauthorization: x\nuser-agent: me\nhost: other.test:8080\n"},
		{name: "white space around the colon", targets: 1, src: "GET http://h/\nX-A : 1\nX-B:2\nACCEPT :  text/html \n"},
		{name: "values with colons, quotes and commas", targets: 1, src: "GET http://h/\nReferer: http://x/y?z=1#2\nX-Time: 12:34:56\nCookie: a=\"b\"; c={d}\nIf-None-Match: W/\"x\"\n"},
		{name: "values that are not ASCII", targets: 1, src: "GET http://h/ü?q=ü\nX-Name: Zoë ✓\n"},
		{name: "all methods", targets: 8, src: strings.Join(slices.Collect(func(yield func(string) bool) {
			for _, m := range Methods {
				if !yield(m + " http://h/") {
					return
				}
			}
		}), "\n")},
		{name: "URLs as they are", targets: 5, src: "GET http://h\nGET http://[::1]:80/a%20b;c?d=e&f=%2F+#g\nGET https://h/?\nGET HTTP://H/\nGET http://h/a//b/../c\n"},
		{name: "nothing", src: ""},

		{name: "objects", targets: 2, format: loadgen.TargetsJSON, src: `{"method":"POST", "url":"https://goku/1", "header":{"Content-Type":["text/plain"]}, "body": "Rk9P"}` + "\n" + `{"method":"GET",  "url":"https://goku/2"}` + "\n"},
		{name: "several values", targets: 1, format: loadgen.TargetsJSON, src: `{"method":"GET","url":"http://h/","header":{"X-A":["1","2"],"x-b":["",""],"Cookie":["a=b"]}}` + "\n"},
		{name: "indented objects and empty lines", targets: 2, format: loadgen.TargetsJSON, src: "\n\n   {\"method\": \"GET\", \"url\": \"https://goku\"}\t\n\n\t{\"url\": \"http://h/\", \"method\": \"HEAD\"}\r\n\n"},
		{name: "null", targets: 1, format: loadgen.TargetsJSON, src: `{"method":"GET","url":"http://h/","header":null,"body":null}` + "\n"},
		{name: "empty header and body", targets: 1, format: loadgen.TargetsJSON, src: `{"method":"GET","url":"http://h/","header":{},"body":""}` + "\n"},
		{name: "escapes", targets: 1, format: loadgen.TargetsJSON, src: `{"method":"GET","url":"http:\/\/h\/\u00e9?a=\"b\"","header":{"X-A":["\u00fc\"\\ {}[]"]}}` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ours(c.src, Options{Format: c.format})
			want := theirs(c.src, c.format)
			require.Len(t, want, c.targets)
			if c.targets == 0 {
				want = []string{"no targets; write one such as GET http://127.0.0.1:8080/"}
			}
			assert.Equal(t, want, got)
		})
	}
}

func TestDeliberateDifferencesFromVegeta(t *testing.T) {
	for _, c := range differences {
		t.Run(c.why, func(t *testing.T) {
			assert.Equal(t, c.ours, ours(c.src, Options{Format: c.format}))
			assert.Equal(t, c.they, theirs(c.src, c.format), "vegeta reads it otherwise now")
		})
	}
}

// differences are files that we read otherwise on purpose, since a target or a header
// would be lost without a word, or sent as nobody means it.
var differences = []struct {
	why, src   string
	ours, they []string
	format     loadgen.TargetsFormat
}{
	{
		why:  "a target below a header is a target",
		src:  "GET http://h/1\nX-A: 1\nGET http://h/2\n",
		ours: []string{`GET http://h/1 X-A=["1"]`, `GET http://h/2`},
		they: []string{`GET http://h/1 GET http=["//h/2"] X-A=["1"]`},
	},
	{
		why:  "a target below a comment below a target is a target",
		src:  "GET http://h/1\n# two\nGET http://h/2\n",
		ours: []string{`GET http://h/1`, `GET http://h/2`},
		they: []string{`GET http://h/1 GET http=["//h/2"]`},
	},
	{
		why:  "a URL without a method is not a header",
		src:  "GET http://h/1\nX-A: 1\nhttp://h/2\n",
		ours: []string{`line 3: a URL without a method; write GET before it`},
		they: []string{`GET http://h/1 Http=["//h/2"] X-A=["1"]`},
	},
	{
		why:  "a line that is too long is not the end of the file",
		src:  "GET http://h/1\nX-A: 1\nX-B: " + strings.Repeat("a", 70_000) + "\n\nGET http://h/2\n",
		ours: []string{`line 3: longer than 65536 bytes; put the body into a file and write @file`},
		they: nil,
	},
	{
		why:  "a body in the file is not a header",
		src:  "POST http://h/\n{\"a\": 1}\n",
		ours: []string{`line 2: a body cannot stand in the file; put it into a file of its own and write @file, or use the json format`},
		they: []string{`POST http://h/ {"a"=["1}"]`},
	},
	{
		why:  "a name that HTTP does not allow cannot be sent",
		src:  "GET http://h/\nX-A: 1\nX A: 1\n",
		ours: []string{`line 3: header "X A" is not the name of a header; use letters, digits and -`},
		they: []string{`GET http://h/ X A=["1"] X-A=["1"]`},
	},
	{
		why:  "a value that HTTP does not allow cannot be sent",
		src:  "GET http://h/\nX-A: a\x00b\n",
		ours: []string{`line 2: header X-A: its value has characters that no header may have; write text on one line`},
		they: []string{`GET http://h/ X-A=["a\x00b"]`},
	},
	{
		why:  "framing follows from the body",
		src:  "POST http://h/\ncontent-length: 7\n",
		ours: []string{`line 2: header content-length: follows from the body; leave it out`},
		they: []string{`POST http://h/ Content-Length=["7"]`},
	},
	{
		why:  "net/http sends the first of two hosts",
		src:  "GET http://h/\nHost: a.test\nhost: b.test\n",
		ours: []string{`line 3: header host: is there twice; remove one of the two`},
		they: []string{`GET http://h/ Host=["a.test" "b.test"]`},
	},
	{
		why:  "a space ends a URL",
		src:  "GET http://h/ HTTP/1.1\nGET http://h/?x=a b\n",
		ours: []string{`line 1: "http://h/ HTTP/1.1" has HTTP/1.1 after it; leave that out: the plan's key protocol sets the version`, `line 2: "http://h/?x=a b" has a space in it; write %20 for a space`},
		they: []string{`GET http://h/%20HTTP/1.1`, `GET http://h/?x=a b`},
	},
	{
		why: "what is to be replaced is not sent as it is",
		src: "GET http://h/{{.ID}}\nAuthorization: Bearer ${env:TOKEN}\n",
		ours: []string{
			`line 1: "{{.ID}}" would be sent as it is: HTTP attacks have no templates; write what is meant, or literal: true below http to send it so`,
			`line 2: "${env:TOKEN}" would be sent as it is: variables are replaced in the plan only; write the value, or a header in the plan, or literal: true below http to send it so`,
		},
		they: []string{`GET http://h/%7B%7B.ID%7D%7D Authorization=["Bearer ${env:TOKEN}"]`},
	},
	{
		why:  "telemetry has names for these methods only",
		src:  "SUBSCRIBE http://foobar.org/sub\n",
		ours: []string{`line 1: method "SUBSCRIBE" is not supported; write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE`},
		they: []string{`SUBSCRIBE http://foobar.org/sub`},
	},
	{
		why:  "a target has a host",
		src:  "GET http://:6060/\n",
		ours: []string{`line 1: "http://:6060/" has no host; write one such as http://127.0.0.1:8080/path`},
		they: []string{`GET http://:6060/`},
	},
	{
		why:  "telemetry is UTF-8",
		src:  "GET http://h/\nX-A: \xfc\n",
		ours: []string{`line 2: is not UTF-8; save the file as UTF-8; in a URL write other bytes as %XX`},
		they: []string{`GET http://h/ X-A=["\xfc"]`},
	},
	{
		why:  "white space may align the URLs",
		src:  "GET   http://h/1\nPOST\thttp://h/2\n",
		ours: []string{`GET http://h/1`, `POST http://h/2`},
		they: []string{`error: bad URL:   http://h/1, parse "  http://h/1": invalid URI for request`},
	},
	{
		why:  "a byte order mark is not a part of the method",
		src:  "\ufeffGET http://h/1\n",
		ours: []string{`GET http://h/1`},
		they: []string{"error: bad method: \ufeffGET"},
	},

	{
		why: "a header below the wrong key is not lost", format: loadgen.TargetsJSON,
		src:  `{"method":"GET","url":"http://h/","headers":{"X-A":["1"]}}` + "\n",
		ours: []string{`line 1: unknown key "headers"; did you mean header?`},
		they: []string{`GET http://h/`},
	},
	{
		why: "the last line needs no end", format: loadgen.TargetsJSON,
		src:  `{"method":"GET","url":"http://h/1"}` + "\n" + `{"method":"GET","url":"http://h/2"}`,
		ours: []string{`GET http://h/1`, `GET http://h/2`},
		they: []string{`GET http://h/1`},
	},
	{
		why: "an object may take several lines", format: loadgen.TargetsJSON,
		src:  "{\n  \"method\": \"GET\",\n  \"url\": \"http://h/1\",\n  \"header\": {\n    \"X-A\": [\n      \"1\"\n    ]\n  }\n}\n{\"method\": \"GET\", \"url\": \"http://h/2\"}\n",
		ours: []string{`GET http://h/1 X-A=["1"]`, `GET http://h/2`},
		they: []string{"error: EOF"},
	},
	{
		why: "of two values of a key none is lost", format: loadgen.TargetsJSON,
		src:  `{"method":"GET","url":"http://h/1","url":"http://h/2","header":{"X-A":["1"],"X-A":["2"]}}` + "\n",
		ours: []string{`line 1: key "url" is there twice; remove one of the two`, `line 1: key "X-A" is there twice; remove one of the two`},
		they: []string{`GET http://h/2 X-A=["2"]`},
	},
	{
		why: "a header has a value", format: loadgen.TargetsJSON,
		src:  `{"method":"GET","url":"http://h/","header":{"X-A":[],"X-B":null}}` + "\n",
		ours: []string{`line 1: header X-A has no value; write [""] for an empty one, or leave it out`, `line 1: header X-B is null; write a list, such as "Accept": ["text/html"]`},
		they: []string{`GET http://h/ X-A=[] X-B=[]`},
	},
	{
		why: "a method is spelled in capitals", format: loadgen.TargetsJSON,
		src:  `{"method":"get","url":"http://h/"}` + "\n",
		ours: []string{`line 1: method "get" is not supported; write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE`},
		they: []string{`get http://h/`},
	},
}

// What vegeta writes, and what can be written by the rules of its formats, is
// read as vegeta reads it.
func TestGeneratedFilesAreReadAlike(t *testing.T) {
	body := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(body, []byte("hello"), 0o600))
	rapid.Check(t, func(t *rapid.T) {
		var text, objects strings.Builder
		var want []string
		encode := vegeta.NewJSONTargetEncoder(&objects)
		for range rapid.IntRange(1, 6).Draw(t, "targets") {
			target := vegeta.Target{
				Method: rapid.SampledFrom(Methods).Draw(t, "method"),
				URL:    rapid.StringMatching(`https?://(u:p@)?[a-z]{1,5}(\.test)?(:[1-9][0-9]{0,3})?(/[a-z%&=+~.;!$'()*,:@"é]{0,8}){0,3}(\?[a-z&=+~.;!$'()*,:@/?"<>|é]{0,10})?`).Draw(t, "URL"),
				Header: http.Header{},
			}
			u, err := url.Parse(target.URL)
			if err != nil {
				t.Skip("no URL")
			}
			fmt.Fprintf(&text, "%s %s\n", target.Method, target.URL)
			for range rapid.IntRange(0, 4).Draw(t, "headers") {
				name := rapid.SampledFrom([]string{"X-A", "x-b", "Accept", "cookie", "X_c.d", "!#$%&'*+-.^_`|~"}).Draw(t, "name")
				value := rapid.StringMatching("[!-z~é]([ -z|~é\t]{0,20}[!-z~])?").Draw(t, "value")
				fmt.Fprintf(&text, "%s:%s%s\n", name, rapid.StringMatching(`[ \t]{0,2}`).Draw(t, "space"), value)
				target.Header[name] = append(target.Header[name], value)
				if rapid.Bool().Draw(t, "comment") {
					text.WriteString("# a comment\n")
				}
			}
			canonical := http.Header{}
			for name, values := range target.Header {
				canonical[http.CanonicalHeaderKey(name)] = values
			}
			if rapid.Bool().Draw(t, "body") {
				target.Body = []byte("hello")
				text.WriteString("@" + body + "\n")
			}
			text.WriteString(rapid.SampledFrom([]string{"\n", "\n\n", " \n"}).Draw(t, "end"))
			require.NoError(t, encode(&target))
			want = append(want, show(target.Method, u, canonical, target.Body))
		}
		require.Equal(t, want, theirs(text.String(), ""))
		require.Equal(t, want, theirs(objects.String(), loadgen.TargetsJSON))
		require.Equal(t, want, ours(text.String(), Options{}), text.String())
		require.Equal(t, want, ours(objects.String(), Options{Format: loadgen.TargetsJSON}))
		require.Equal(t, want, ours(strings.ReplaceAll(text.String(), "\n", "\r\n"), Options{}))
		require.Equal(t, want, ours(pretty(objects.String()), Options{Format: loadgen.TargetsJSON}))
	})
}

// pretty spreads objects over lines, as jq does.
func pretty(objects string) string {
	var out strings.Builder
	for line := range strings.Lines(objects) {
		var v any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			panic(err)
		}
		indented, _ := json.MarshalIndent(v, "", "  ")
		out.Write(indented)
		out.WriteString("\n")
	}
	return out.String()
}

func TestABodyOfAnyBytesComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		src := `{"method":"POST","url":"http://h/","body":"` + base64.StdEncoding.EncodeToString(body) + `"}`
		list, err := Read(strings.NewReader(src), Options{Format: loadgen.TargetsJSON, Literal: true})
		require.NoError(t, err)
		assert.True(t, string(body) == string(list[0].Body))
	})
}

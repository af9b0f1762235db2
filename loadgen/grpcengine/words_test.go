package grpcengine

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Faults of templates were told as text/template has them ("template: :1:10"), and an
// empty file of messages sent the empty one.
func TestFaultsOfMessagesAndTemplatesNameKeyPlaceAndForm(t *testing.T) {
	const form = "; write echo.v1.Note as JSON, {} for the empty one, or several as a list [{…}, {…}]; its fields are text (string), number (int64), raw (bytes)"
	const variables = "there are .WorkerID, .RequestNumber, .FullyQualifiedName, "
	g := startTarget(t, echo)
	for _, c := range []struct {
		data     string // in a file
		metadata string
		want     []string // how the parts of the error begin, and what it ends with
	}{
		{data: "", want: []string{"grpc.data_file: FILE: the file is empty" + form}},
		{data: " \n\t", want: []string{"grpc.data_file: FILE: the file is empty" + form}},
		{data: "[]", want: []string{"grpc.data_file: FILE: the list is empty" + form}},
		{data: `{"txt": "x"}`, want: []string{`grpc.data_file: FILE: line 1, column 2 of the message: unknown field "txt"` + form}},
		{data: `[{}, {"number": "many"}]`, want: []string{`grpc.data_file: FILE: message 2: line 1, column 12 of the message: invalid value for int64 field number: "many"` + form}},
		{data: "{\n  \"number\": 1.5}", want: []string{"grpc.data_file: FILE: line 2, column 13 of the message: invalid value for int64 field number: 1.5" + form}},
		{data: `{"text": `, want: []string{"grpc.data_file: FILE: unexpected EOF" + form}},
		{data: `{"text": "{{.Nothing}}"}`, want: []string{"grpc.data_file: FILE: the template at line 1, column 13, {{.Nothing}}: there is no variable .Nothing; " + variables, form}},
		{data: `{"text": "{{upper"}`, want: []string{`grpc.data_file: FILE: the template at line 1: bad character U+0022`, form}},
		{data: "{\n\"text\": \"{{nothing}}\"}", want: []string{`grpc.data_file: FILE: the template at line 2: function "nothing" not defined`, form}},
		{data: "{\n\"text\": \"{{fail `no`}}\"}", want: []string{"grpc.data_file: FILE: the template at line 2, column 12, {{fail `no`}}: error calling fail: no", form}},

		{data: "{}", metadata: "{{nothing}}", want: []string{`grpc.metadata.x: the template at line 1: function "nothing" not defined; correct it`}},
		{data: "{}", metadata: "a{{.Nothing}}", want: []string{"grpc.metadata.x: the template at line 1, column 4, {{.Nothing}}: there is no variable .Nothing; " + variables, "; correct it"}},
	} {
		a := g.attack("Unary")
		a.GRPC.Data, a.GRPC.DataFile = "", write(t, "data.json", c.data)
		if c.metadata != "" {
			a.GRPC.Metadata = map[string]string{"x": c.metadata}
		}
		_, err := Open(setupOf(a))
		require.Error(t, err, c.data)
		got := strings.ReplaceAll(err.Error(), a.GRPC.DataFile, "FILE")
		assert.True(t, strings.HasPrefix(got, c.want[0]), "%s\nwant %s", got, c.want[0])
		assert.True(t, strings.HasSuffix(got, c.want[len(c.want)-1]), "%s\nwant at its end %s", got, c.want[len(c.want)-1])
		assert.NotContains(t, got, "template: :")
	}
}

func TestAFaultOfATemplateInALaterCallNamesItsKey(t *testing.T) {
	g := startTarget(t, echo)
	for key, change := range map[string]func(*loadgen.GRPC){
		"grpc.metadata.x": func(s *loadgen.GRPC) {
			s.Metadata = map[string]string{"x": "{{if eq .RequestNumber 2}}{{fail `no`}}{{end}}"}
		},
		"grpc.data": func(s *loadgen.GRPC) { s.Data = "{\"text\": \"{{if eq .RequestNumber 2}}{{fail `no`}}{{end}}\"}" },
	} {
		a := g.attack("Unary")
		change(a.GRPC)
		a.Load = oneByOne(5)
		e, err := Open(setupOf(a))
		require.NoError(t, err)
		_, err = carryOut(t, e, a)
		fault, ok := errors.AsType[*pace.KeyError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, key, fault.Key)
		assert.Contains(t, fault.What, "in call 2: the template at line 1, column ")
		assert.Contains(t, fault.What, "{{fail `no`}}: error calling fail: no")
		assert.NotEmpty(t, fault.Fix)
	}
}

func TestTheFormOfAMessageHasItsEnumsAndMessages(t *testing.T) {
	all := compiled(t, allKinds).Messages().Get(0)
	got := form(all, true)
	for _, want := range []string{"color (Color of RED, BLUE)", "inner (All {text (string), raw (bytes), ", "inner (All), ", "texts (list of string)", "many (list of All {text", "named (map)"} {
		assert.Contains(t, got, want)
	}
}

// Each of these once took all memory, or a minute and more.
func TestATemplateIsBoundedAndReachesNothingOutside(t *testing.T) {
	t.Setenv("OF_THE_USER", "a secret")
	m := newMethod(compiled(t, allKinds+"service Kinds { rpc Take(All) returns (All); }").Services().Get(0).Methods().Get(0))
	for text, want := range map[string]string{
		`{{repeat 1000000000 "ab"}}`:                 "error calling repeat: repeat makes more than 67108864 bytes",
		`{{randomString 3000000000}}`:                "randomString makes more than 67108864 bytes",
		`{{randAlphaNum 1000001}}`:                   "randAlphaNum makes more than 1000000 bytes",
		`{{randBytes 40000000}}`:                     "randBytes makes more than 67108864 bytes",
		`{{nindent 2000000000 "a"}}`:                 "nindent makes more than 67108864 bytes",
		`{{indent 40000000 "a\nb"}}`:                 "indent makes more than 67108864 bytes",
		`{{range until 500000000}}{{end}}`:           "until makes more than 1000000 items",
		`{{until -500000000}}`:                       "until makes more than 1000000 items",
		`{{untilStep 0 2000000000 1}}`:               "untilStep makes more than 1000000 items",
		`{{seq 1 -1 -500000000}}`:                    "seq makes more than 1000000 items",
		`{{seq 500000000}}`:                          "seq makes more than 1000000 items",
		`{{range 100}}{{repeat 1000000 "a"}}{{end}}`: "the template makes more than 67108864 bytes",
		`{{env "OF_THE_USER"}}`:                      `function "env" not defined`,
		`{{expandenv "$OF_THE_USER"}}`:               `function "expandenv" not defined`,
		`{{getHostByName "localhost"}}`:              `function "getHostByName" not defined`,
	} {
		ms := &messages{}
		_, err := ms.read(text, m)
		require.ErrorContains(t, err, want, text)
		_, err = readMetadata(map[string]string{"x": text}, m.call())
		require.ErrorContains(t, err, want, text)
	}
	for text, want := range map[string]string{
		`{{repeat 3 "ab"}}{{nindent 2 "a" | trim}}`: "ababab" + "a", `{{range until 3}}{{.}}{{end}}`: "012", `{{seq 5 -2 1}}`: "5 3 1", `{{range until -2}}{{.}}{{end}}`: "0-1",
		`{{untilStep 0 6 2}}`: "[0 2 4]", `{{len (randAlpha 9)}}{{len (randomString 7)}}{{len (randBytes 3)}}`: "974", `{{indent 1 "a"}}`: " a",
	} {
		tmpl, err := newTemplate(text)
		require.NoError(t, err)
		got, err := fillValue("x", tmpl, m.call())
		require.NoError(t, err)
		assert.Equal(t, want, got, text)
	}
}

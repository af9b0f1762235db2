// Package plaintexttest has texts that attack what shows them, and checks that they did not.
package plaintexttest

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/loadtrace/loadtrace/internal/plaintext"
)

// Texts are hostile. Each has a part for a terminal, a log, a workflow, JSON, XML and
// Markdown; the last is of 1 MiB.
var Texts = []string{
	"::error::forged",
	"a\x1b]0;title\x07\x1b[2J\u009b31m\x9b\u202e\u2066\u200b\ufeff\u2028\u0085\x00\x7f\xff\n::error::forged\r\n  ::add-mask::e\n##[error]forged ##vso[task.x]",
	"a ::error::forged | `b` </details><img src=x><!-- ]]> \n| forged | row |\n# forged [link](http://evil.test) http://evil.test www.evil.test @everyone #1 \"}],",
	strings.Repeat("\x1b[1A\u202e x\n::error::forged | `b`", 1<<20/29),
}

// Fill puts a text into all strings that a pointer leads to, keys of maps too.
func Fill(pointer any, text string) { fill(reflect.ValueOf(pointer), text, 0) }

func fill(v reflect.Value, text string, depth int) {
	if depth > 20 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fill(v.Elem(), text, depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), text, depth+1)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), text, depth+1)
		}
	case reflect.Map:
		fillMap(v, text, depth)
	case reflect.String:
		if v.CanSet() {
			v.SetString(text)
		}
	}
}

func fillMap(v reflect.Value, text string, depth int) {
	if v.IsNil() || v.Type().Key().Kind() != reflect.String {
		return
	}
	filled := reflect.MakeMap(v.Type())
	for i, key := range v.MapKeys() {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		fill(value, text, depth+1)
		filled.SetMapIndex(reflect.ValueOf(fmt.Sprint(text, i)).Convert(v.Type().Key()), value)
	}
	v.Set(filled)
}

var command = regexp.MustCompile(`(?m)^\s*::[A-Za-z-]+[^\n]*::|##\[|##vso\[`)

// Check fails a test if what is to be shown on a terminal or in a log has more in it than
// visible text and its own line breaks and tabs.
func Check(t testing.TB, shown string) {
	t.Helper()
	if !assert.True(t, utf8.ValidString(shown), "not UTF-8") {
		return
	}
	if !assert.Less(t, len(shown), 512<<10, "unbounded") {
		return
	}
	for i, r := range shown {
		if !plaintext.Visible(r) && r != '\n' && r != '\t' {
			assert.Fail(t, "not visible", "%U behind %q", r, shown[max(0, i-80):i])
			return
		}
	}
	if at := command.FindStringIndex(shown); at != nil {
		assert.Fail(t, "a workflow command", "%q", shown[at[0]:min(len(shown), at[1]+80)])
	}
}

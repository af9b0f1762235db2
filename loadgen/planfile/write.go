package planfile

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/loadtrace/loadtrace/loadgen"
	"github.com/loadtrace/loadtrace/loadgen/pace"
)

// Write renders a plan as YAML, with its defaults, so that the text says all
// that the run does. Parse reads it back to an equal plan. It fails on a plan
// that Validate finds fault with.
//
// Values of environment variables stand in the text as they are: a plan that
// takes a secret from one gives a text that holds the secret.
func Write(p *loadgen.Plan) ([]byte, error) {
	if err := Validate(p); err != nil {
		return nil, fmt.Errorf("write plan: %w", err)
	}
	w := &writer{}
	w.object(reflect.ValueOf(withDefaults(p)).Elem(), "")
	return w.out.Bytes(), nil
}

type writer struct{ out bytes.Buffer }

// object writes the keys of a struct. The first line is not indented: the caller
// has written what stands before it.
func (w *writer) object(v reflect.Value, indent string) {
	first := true
	for _, f := range fieldsOf(v.Type()) {
		value := v.Field(f.index)
		if f.optional && value.IsZero() {
			continue
		}
		if !first {
			w.out.WriteString(indent)
		}
		first = false
		w.out.WriteString(f.key + ":")
		w.value(value, indent)
	}
}

// value writes what follows a key, to the end of its last line.
func (w *writer) value(v reflect.Value, indent string) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		w.out.WriteString("\n" + indent + "  ")
		w.object(v, indent+"  ")
	case reflect.Slice:
		w.out.WriteString("\n")
		for i := range v.Len() {
			w.out.WriteString(indent + "  -")
			w.element(v.Index(i), indent)
		}
	case reflect.Map:
		w.out.WriteString("\n")
		m := v.Interface().(map[string]string)
		for _, k := range slices.Sorted(maps.Keys(m)) {
			fmt.Fprintf(&w.out, "%s  %s: %s\n", indent, text(k), text(escapeEnv(m[k])))
		}
	default:
		w.out.WriteString(" " + shown(v) + "\n")
	}
}

// element writes what follows the dash of a list.
func (w *writer) element(v reflect.Value, indent string) {
	if v.Kind() == reflect.Struct {
		w.out.WriteString(" ")
		w.object(v, indent+"    ")
		return
	}
	w.value(v, indent)
}

// shown is a scalar as it stands in a plan.
func shown(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return formatDuration(x)
	case pace.Rate:
		return formatRate(x)
	case loadgen.Bytes:
		return formatBytes(x)
	case loadgen.Limit:
		return string(x) // Validate has found it good: digits, a point and a unit
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	if v.Kind() == reflect.String {
		return text(escapeEnv(v.String()))
	}
	return fmt.Sprint(v.Interface())
}

func escapeEnv(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// plain are texts that need no quotes. There are others, but none that matter.
var plain = regexp.MustCompile(`^[A-Za-z/]([A-Za-z0-9_./:?=&%+-]*[A-Za-z0-9_/])?$`)

// reserved are words that mean something other than text without quotes.
var reserved = regexp.MustCompile(`(?i)^(null|true|false|yes|no|on|off|y|n)$`)

// text is a text in YAML.
func text(s string) string {
	if plain.MatchString(s) && !reserved.MatchString(s) {
		return s
	}
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case unicode.IsPrint(r):
			out.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04X`, r)
		default:
			fmt.Fprintf(&out, `\U%08X`, r)
		}
	}
	out.WriteByte('"')
	return out.String()
}
